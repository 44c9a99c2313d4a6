// The AI SDK's telemetry through @langfuse/otel.
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { observe, propagateAttributes } from "@langfuse/tracing";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { ask } from "./ask_ai.mjs";
import { SESSION, TAGS, USER } from "./play.mjs";

const processor = new LangfuseSpanProcessor({ environment: "staging" });
const sdk = new NodeSDK({ spanProcessors: [processor], instrumentations: [] });
sdk.start();
const lesson = observe(ask, { name: "lesson" });
await propagateAttributes({ userId: USER, sessionId: SESSION, tags: TAGS, traceName: "lesson" }, lesson);
await sdk.shutdown();
