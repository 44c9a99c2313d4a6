// What every JavaScript script of this folder plays.
export const MODEL = "gpt-4o-mini", EMBEDDING_MODEL = "text-embedding-3-small";
export const SYSTEM = "You are a geographer. Answer with one word.", QUESTION = "What is the capital of Italy?";
export const STREAMED_QUESTION = "What is the capital of Spain?", TOOL_QUESTION = "Look up the capital of Japan.";
export const USER = "pupil-7", SESSION = "lesson-3", TAGS = ["geography", "7B"];
export const messages = (question) => [{ role: "system", content: SYSTEM }, { role: "user", content: question }];
export const TOOL = {
  type: "function",
  function: {
    name: "capital_of",
    description: "The capital of a country.",
    parameters: { type: "object", properties: { country: { type: "string" } }, required: ["country"] },
  },
};
