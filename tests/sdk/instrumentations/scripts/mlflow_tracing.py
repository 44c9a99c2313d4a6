import mlflow
from play import SESSION, TAGS, USER, ask_openai

mlflow.openai.autolog()


@mlflow.trace(name="lesson", span_type="CHAIN")
def lesson(topic: str) -> str:
    mlflow.update_current_trace(
        metadata={"mlflow.trace.user": USER, "mlflow.trace.session": SESSION}, tags={"tags": ",".join(TAGS)}
    )
    ask_openai()
    return "done"


lesson("capitals")
mlflow.flush_trace_async_logging()
