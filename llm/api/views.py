"""`/models`: a project's own definitions, then the built-in ones (api.md, section 3.1.6)."""

from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.admin_key import AdminOrApiKeyAuthentication
from accounts.authors import Author
from common.api.fields import convert
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from llm import builtin, definitions
from llm.api.bodies import ModelBody
from llm.models import ModelDefinition
from llm.pricing import as_price
from llm.tariffs import AttributeCondition, ModelPrice, Tier, UsageCondition

# Built-in definitions were never made by anybody; the wire wants a moment all the same.
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


class ModelView(PublicView):
    authentication_classes = (AdminOrApiKeyAuthentication,)

    @property
    def author(self) -> Author:
        return Author(api_key=self.request.auth.public_key)  # type: ignore[union-attr]


class ModelsView(ModelView):
    """`GET, POST /models`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        start = (page - 1) * limit
        own = ModelDefinition.objects.filter(project_id=self.project_id)
        own_count, built_in = own.count(), builtin.models()
        rows = [_own(definition) for definition in own[start : start + limit]]
        first = max(start - own_count, 0)
        rows += [_built_in(price) for price in built_in[first : first + limit - len(rows)]]
        return Response(envelope(rows, page, limit, own_count + len(built_in)))

    def post(self, request: Request) -> Response:
        draft = convert(request.data, ModelBody).draft()
        return Response(_own(definitions.create(self.project_id, draft, self.author)))


class OneModelView(ModelView):
    """`GET, PUT, DELETE /models/{id}`."""

    def get(self, request: Request, model_id: str) -> Response:
        price = builtin.by_id(model_id)
        return Response(_built_in(price) if price else _own(definitions.own(self.project_id, model_id)))

    def put(self, request: Request, model_id: str) -> Response:
        draft = convert(request.data, ModelBody).draft()
        return Response(_own(definitions.replace(self.project_id, model_id, draft, self.author)))

    def delete(self, request: Request, model_id: str) -> Response:
        definitions.remove(self.project_id, model_id, self.author)
        return Response({"message": "Model successfully deleted"})


def _own(definition: ModelDefinition) -> dict[str, Any]:
    return {
        **_shown(as_price(definition), definition.created_at),
        "tokenizerId": definition.tokenizer_id,
        "tokenizerConfig": definition.tokenizer_config,
        "isLangfuseManaged": False,
    }


def _built_in(price: ModelPrice) -> dict[str, Any]:
    return {**_shown(price, ALWAYS), "tokenizerId": None, "tokenizerConfig": None, "isLangfuseManaged": True}


def _shown(price: ModelPrice, created_at: datetime) -> dict[str, Any]:
    tiers = price.tiers(datetime.now(UTC))
    standard = {name: float(value) for name, value in tiers[-1].prices.items()}
    return {
        "id": price.id,
        "modelName": price.name,
        "matchPattern": price.pattern,
        "startDate": price.start_date,
        "unit": price.unit,
        "inputPrice": standard.get("input"),
        "outputPrice": standard.get("output"),
        "totalPrice": standard.get("total"),
        "createdAt": created_at,
        "prices": {name: {"price": value} for name, value in standard.items()},
        "pricingTiers": [_tier(tier) for tier in reversed(tiers)],
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "id": tier.id,
        "name": tier.name,
        "isDefault": tier.is_default,
        "priority": tier.priority,
        "conditions": [_condition(condition) for condition in tier.conditions],
        "prices": {name: float(value) for name, value in tier.prices.items()},
    }


def _condition(condition: UsageCondition | AttributeCondition) -> dict[str, Any]:
    if isinstance(condition, AttributeCondition):
        return {
            "source": condition.source,
            "key": condition.key,
            "operator": "in",
            "values": list(condition.values),
        }
    return {
        "usageDetailPattern": condition.pattern,
        "operator": condition.operator,
        "value": condition.value,
        "caseSensitive": condition.case_sensitive,
    }
