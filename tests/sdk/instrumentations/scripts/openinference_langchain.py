from langchain.agents import create_agent
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor
from play import (
    EMBEDDING_MODEL,
    MODEL,
    QUESTION,
    SESSION,
    STREAMED_QUESTION,
    SYSTEM,
    TAGS,
    TOOL_QUESTION,
    USER,
    capital_of,
    provider,
)  # fmt: skip

made = provider()
LangChainInstrumentor().instrument(tracer_provider=made)
model = ChatOpenAI(model=MODEL, temperature=0.2, stream_usage=True)
chain = ChatPromptTemplate.from_messages([("system", SYSTEM), ("user", "{question}")]) | model
with using_attributes(user_id=USER, session_id=SESSION, tags=TAGS):
    chain.invoke({"question": QUESTION})
    for _ in chain.stream({"question": STREAMED_QUESTION}):
        pass
    agent = create_agent(model, [capital_of], name="geographer")
    agent.invoke({"messages": [{"role": "user", "content": TOOL_QUESTION}]})
    OpenAIEmbeddings(model=EMBEDDING_MODEL, dimensions=8, check_embedding_ctx_length=False).embed_query("Rome")
made.shutdown()
