"""Making, finding, changing and deleting datasets."""

from contextlib import closing
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from common.errors import Conflict, NotFound
from datasets.authors import SERVER, Author
from datasets.jsontext import to_text
from datasets.models import MAX_NAME, Dataset, DatasetItem, DatasetRun
from datasets.schemas import check_schema, require, schemas_of
from datasets.texts import checked, checked_or_empty


def upsert_dataset(
    project_id: str,
    name: str,
    *,
    description: str | None = None,
    metadata: Any = None,
    input_schema: Any = None,
    expected_output_schema: Any = None,
    by: Author = SERVER,
) -> Dataset:
    """Make the dataset of this name, or change it: what is None keeps its value (api.md, section 6.1).

    A new schema must hold for all items that are there, else SchemaViolation and nothing changes.
    """
    checked(name, "name", MAX_NAME)
    given: dict[str, str | None] = {}
    if description is not None:
        given["description"] = checked_or_empty(description, "description")
    if metadata is not None:
        given["metadata"] = to_text(metadata)
    if input_schema is not None:
        check_schema(input_schema, "inputSchema")
        given["input_schema"] = to_text(input_schema)
    if expected_output_schema is not None:
        check_schema(expected_output_schema, "expectedOutputSchema")
        given["expected_output_schema"] = to_text(expected_output_schema)
    with transaction.atomic():
        dataset, created = Dataset.objects.get_or_create(project_id=project_id, name=name, defaults=given)
        if created:
            _record("create", dataset, None, given, by)
        else:
            dataset = change_dataset(dataset, given, by=by)
    return dataset


def create_dataset(project_id: str, values: dict[str, str | None], *, by: Author = SERVER) -> Dataset:
    """Make a dataset of checked values (JSON ones as JSON text); raises Conflict when the name is taken."""
    name = checked(values["name"] or "", "name", MAX_NAME)
    with transaction.atomic():
        given = {field: value or None for field, value in values.items() if field != "name"}
        dataset, created = Dataset.objects.get_or_create(project_id=project_id, name=name, defaults=given)
        if not created:
            raise Conflict(_taken(name), "name")
        _record("create", dataset, None, given, by)
    return dataset


def change_dataset(dataset: Dataset, values: dict[str, str | None], *, by: Author = SERVER) -> Dataset:
    """Set fields of a dataset (JSON ones as checked JSON text); None clears.

    The dataset is locked meanwhile, so that no item slips past a new schema.
    """
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        before = {field: getattr(dataset, field) for field in values}
        changed = {field: value for field, value in values.items() if before[field] != value}
        if not changed:
            return dataset
        if "name" in changed:
            name = checked(changed["name"] or "", "name", MAX_NAME)
            if Dataset.objects.filter(project_id=dataset.project_id, name=name).exists():
                raise Conflict(_taken(name), "name")
        for field, value in changed.items():
            setattr(dataset, field, value)
        if "input_schema" in changed or "expected_output_schema" in changed:
            _check_items(dataset)
        dataset.updated_at = timezone.now()
        dataset.save(update_fields=[*changed, "updated_at"])
        _record("update", dataset, {field: before[field] for field in changed}, changed, by)
    return dataset


def delete_dataset(dataset: Dataset, *, by: Author = SERVER) -> None:
    """Delete a dataset with its items, their history, and its runs; traces stay."""
    with transaction.atomic():
        # Who writes into its runs is let finish first: rows that come in between would refuse to let it go.
        Dataset.objects.select_for_update().filter(pk=dataset.pk).first()
        _record("delete", dataset, {"name": dataset.name}, None, by)
        dataset.delete()


def dataset_named(project_id: str, name: str) -> Dataset:
    """The dataset of this very name (case counts); raises NotFound."""
    dataset = Dataset.objects.filter(project_id=project_id, name=name).first() if "\0" not in name else None
    if dataset is None:
        raise NotFound(f"Dataset not found: {name!r}. Names are case-sensitive.")
    return dataset


def dataset_asked_for(project_id: str, name: str) -> Dataset:
    """The dataset that a reader means: of this very name, else the only one that differs from it by case alone.

    Names are case-sensitive, and every write takes them so. The article that this API is held against makes `Capitals`
    and later reads `capitals`; where nothing else can be meant, a 404 would only be pedantic. Raises NotFound.
    """
    try:
        return dataset_named(project_id, name)
    except NotFound:
        alike = list(Dataset.objects.filter(project_id=project_id, name__iexact=name)[:2]) if "\0" not in name else []
        if len(alike) != 1:
            raise
        return alike[0]


def dataset_by_id(project_id: str, dataset_id: str) -> Dataset:
    """The dataset of this id; raises NotFound."""
    dataset = Dataset.objects.filter(project_id=project_id, pk=dataset_id).first() if "\0" not in dataset_id else None
    if dataset is None:
        raise NotFound("There is no such dataset.")
    return dataset


def datasets(project_id: str) -> QuerySet[Dataset]:
    """All datasets of a project, newest first."""
    return Dataset.objects.filter(project_id=project_id).order_by("-created_at", "id")


def with_totals(rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """Adds `item_count` (active and archived), `run_count` and `last_run_at`."""
    # Subqueries instead of joins: joining items and runs would multiply them.
    items = DatasetItem.objects.filter(dataset=OuterRef("pk"), valid_to=None, is_deleted=False)
    runs = DatasetRun.objects.filter(dataset=OuterRef("pk"))
    return rows.annotate(
        item_count=Coalesce(Subquery(items.values("dataset").annotate(count=Count("pk")).values("count")), 0),
        run_count=Coalesce(Subquery(runs.values("dataset").annotate(count=Count("pk")).values("count")), 0),
        last_run_at=Subquery(runs.values("dataset").annotate(last=Max("created_at")).values("last")),
    )


def _taken(name: str) -> str:
    return _("There is a dataset named “%(name)s” already.") % {"name": name}


def _check_items(dataset: Dataset) -> None:
    schemas = schemas_of(dataset)
    rows = DatasetItem.objects.filter(dataset=dataset, valid_to=None, is_deleted=False).order_by("-rank")
    # Closed by hand: with ten violations found the rest is not read.
    reading = rows.values_list("item_id", "input", "expected_output").iterator(chunk_size=500)
    with closing(reading) as texts:  # type: ignore[type-var]
        require(found for item_id, given, wanted in texts for found in schemas.violations(given, wanted, item_id))


def _record(action: str, dataset: Dataset, before: Any, after: Any, by: Author) -> None:
    audit.record(
        action=action,
        subject_type="dataset",
        subject_id=dataset.pk,
        project=dataset.project_id,
        user=by.user,
        api_key=by.api_key,
        before=before,
        after={"name": dataset.name, **after} if after is not None else None,
    )
