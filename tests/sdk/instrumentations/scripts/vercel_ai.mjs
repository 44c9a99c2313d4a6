// The AI SDK's own telemetry, exported by OpenTelemetry as JSON.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { ask } from "./ask_ai.mjs";

const sdk = new NodeSDK({
  traceExporter: new OTLPTraceExporter(), instrumentations: [],
  resource: resourceFromAttributes({ "service.name": "school", "deployment.environment.name": "staging" }),
});
sdk.start();
await ask();
await sdk.shutdown();
