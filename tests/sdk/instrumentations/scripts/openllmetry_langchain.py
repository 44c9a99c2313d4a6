from langchain.agents import create_agent
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from opentelemetry.instrumentation.langchain import LangchainInstrumentor
from play import MODEL, QUESTION, STREAMED_QUESTION, SYSTEM, TOOL_QUESTION, capital_of, provider, told_by_root

made = provider()
LangchainInstrumentor().instrument(tracer_provider=made)
model = ChatOpenAI(model=MODEL, temperature=0.2, stream_usage=True)
chain = ChatPromptTemplate.from_messages([("system", SYSTEM), ("user", "{question}")]) | model
with told_by_root("lesson", made):
    chain.invoke({"question": QUESTION})
    for _ in chain.stream({"question": STREAMED_QUESTION}):
        pass
    create_agent(model, [capital_of]).invoke({"messages": [{"role": "user", "content": TOOL_QUESTION}]})
made.shutdown()
