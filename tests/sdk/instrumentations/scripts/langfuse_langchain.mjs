import { CallbackHandler } from "@langfuse/langchain";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { z } from "zod";
import { MODEL, QUESTION, SESSION, STREAMED_QUESTION, SYSTEM, TAGS, TOOL_QUESTION, USER } from "./play.mjs";

const sdk = new NodeSDK({ spanProcessors: [new LangfuseSpanProcessor({ environment: "staging" })], instrumentations: [] });
sdk.start();
const handler = new CallbackHandler({ userId: USER, sessionId: SESSION, tags: TAGS });
const model = new ChatOpenAI({ model: MODEL, temperature: 0.2, configuration: { baseURL: process.env.OPENAI_BASE_URL } });
const chain = ChatPromptTemplate.fromMessages([["system", SYSTEM], ["user", "{question}"]]).pipe(model);
const config = { callbacks: [handler], runName: "lesson" };
await chain.invoke({ question: QUESTION }, config);
for await (const _ of await chain.stream({ question: STREAMED_QUESTION }, config));
const capitalOf = tool(() => "Tokyo", {
  name: "capital_of", description: "The capital of a country.", schema: z.object({ country: z.string() }),
});
const answer = await model.bindTools([capitalOf]).invoke(TOOL_QUESTION, config);
await capitalOf.invoke(answer.tool_calls[0], config);
await sdk.shutdown();
