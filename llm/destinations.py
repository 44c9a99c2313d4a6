"""Where the calls of a connection go, and how they are signed: a client of the `openai` package for each adapter."""

from urllib.parse import urlsplit

import httpx2
from django.utils.translation import gettext as _
from openai import AsyncAzureOpenAI, AsyncOpenAI

from llm.connections import JSON_SECRETS
from llm.models import LlmConnection

# Adapter -> where it is reached when the connection names no address. All of them speak OpenAI's protocol there.
OWN_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google-ai-studio": "https://generativelanguage.googleapis.com/v1beta/openai",
}
# What an address without a path means: the protocol's own SDKs are given the bare host.
_PATHS = {"anthropic": "/v1", "google-ai-studio": "/v1beta/openai"}
AZURE_API_VERSION = "2024-10-21"


class CannotCall(Exception):
    """The connection lacks what a call in OpenAI's protocol needs; the message says what to enter."""


def address_of(connection: LlmConnection) -> str:
    """The base URL of the connection's calls. Raises CannotCall."""
    adapter, base_url = connection.adapter, connection.base_url.rstrip("/")
    if not base_url:
        if adapter in OWN_ADDRESSES:
            return OWN_ADDRESSES[adapter]
        if adapter == "azure":
            raise CannotCall(_("Enter the address of your Azure resource, such as https://name.openai.azure.com."))
        raise CannotCall(
            _("%(adapter)s is called through its OpenAI-compatible address only. Enter it as the base URL.")
            % {"adapter": connection.get_adapter_display()}
        )
    return base_url + (_PATHS.get(adapter, "") if not urlsplit(base_url).path else "")


def client_of(connection: LlmConnection, key: str, headers: dict[str, str], http: httpx2.AsyncClient) -> AsyncOpenAI:
    """The client that signs and addresses the connection's requests; repeating them is not its business.

    Raises CannotCall.
    """
    address = address_of(connection)
    if connection.adapter in JSON_SECRETS and (key.startswith("{") or not (key.isascii() and key.isprintable())):
        raise CannotCall(
            _("PromptLab signs no requests to %(adapter)s. Enter a key of its OpenAI-compatible address.")
            % {"adapter": connection.get_adapter_display()}
        )
    if connection.adapter == "azure" and not urlsplit(address).path.endswith("/v1"):
        # Langfuse's connections hold the address with /openai/deployments; the client adds that itself.
        endpoint = address.removesuffix("/deployments").removesuffix("/openai")
        return AsyncAzureOpenAI(
            api_key=key,
            azure_endpoint=endpoint,
            api_version=AZURE_API_VERSION,
            default_headers=headers,
            http_client=http,
            max_retries=0,
        )
    return AsyncOpenAI(api_key=key, base_url=address, default_headers=headers, http_client=http, max_retries=0)
