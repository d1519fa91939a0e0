"""The asyncio client. Its methods are those of `Client`; all they share lies in other rooms."""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import grpc
import grpc.aio
from amends.v1 import (
    conversation_pb2,
    empathy_service_pb2,
    empathy_service_pb2_grpc,
    playbook_service_pb2,
    playbook_service_pb2_grpc,
)
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from amends_client.async_coaching import AsyncCoaching
from amends_client.calls import HEALTH_CHECK, call_terms, health_request, is_cancelled
from amends_client.channel import channel_arguments, channel_credentials, channel_target
from amends_client.coaching_log import CoachingLog, Resumption
from amends_client.errors import error_from_call
from amends_client.options import DEFAULT_TARGET, ClientOptions
from amends_client.requests import (
    batch_request,
    conversation_request,
    next_step_request,
    playbook_request,
    reply_request,
)

_Q = TypeVar("_Q", bound=Message)
_R = TypeVar("_R", bound=Message)


class AsyncClient:
    """Scores replies and asks for next steps under asyncio, over one channel.

    Every method takes `timeout_s`, seconds the call may take (None: that of the options), and
    `request_id`, sent as `x-request-id` (None: a new one), gives the response of its RPC as the
    contract has it, and raises `CallError`. It belongs to the event loop
    it was made in; a cancelled task cancels its call.

    Args:
        options: how to reach the server, or only its target.

    Raises:
        InvalidOptions: a file for TLS cannot be read.
        RuntimeError: no event loop is running.
    """

    def __init__(self, options: ClientOptions | str = DEFAULT_TARGET) -> None:
        asyncio.get_running_loop()
        self._options = ClientOptions(target=options) if isinstance(options, str) else options
        self._channel = _open_channel(self._options)
        self._empathy = empathy_service_pb2_grpc.EmpathyServiceStub(self._channel)
        self._playbooks = playbook_service_pb2_grpc.PlaybookServiceStub(self._channel)
        self._health = self._channel.unary_unary(
            HEALTH_CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

    async def __aenter__(self) -> Self:
        """Gives the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the channel."""
        await self.close()

    async def close(self) -> None:
        """Closes the channel; calls under way fail with `Cancelled`."""
        await self._channel.close()

    async def score_reply(
        self,
        turns: Sequence[conversation_pb2.Turn],
        reply: str | Sequence[str],
        *,
        playbook: str = "",
        locale: str = "",
        include_sentences: bool = False,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> empathy_service_pb2.ScoreReplyResponse:
        """Judges a reply in its conversation.

        Args:
            turns: the conversation before the reply, oldest first; at least one turn of the customer.
            reply: the reply, or its turns where it is sent as several.
            playbook: name of the playbook to judge by; empty: the server's default.
            locale: BCP 47 tag of the language; empty: English.
            include_sentences: whether the judgement also tells what was read in each sentence.
            timeout_s: see the class.
            request_id: see the class.
        """
        request = reply_request(turns, reply, playbook=playbook, locale=locale, include_sentences=include_sentences)
        return await self._call(self._empathy.ScoreReply, request, timeout_s, request_id)

    async def next_step(
        self,
        turns: Sequence[conversation_pb2.Turn],
        *,
        playbook: str = "",
        locale: str = "",
        max_steps: int = 0,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> empathy_service_pb2.NextStepResponse:
        """Recommends what the agent should do next.

        Args:
            turns: the conversation so far, oldest first; at least one turn of the customer.
            playbook: name of the playbook to advise by; empty: the server's default.
            locale: BCP 47 tag of the language; empty: English.
            max_steps: how many steps to give, 1 to 13; 0: 3.
            timeout_s: see the class.
            request_id: see the class.
        """
        request = next_step_request(turns, playbook=playbook, locale=locale, max_steps=max_steps)
        return await self._call(self._empathy.NextStep, request, timeout_s, request_id)

    async def score_conversation(
        self,
        turns: Sequence[conversation_pb2.Turn],
        *,
        playbook: str = "",
        locale: str = "",
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> empathy_service_pb2.ScoreConversationResponse:
        """Judges every agent reply of a finished conversation, and its arc.

        Args:
            turns: the conversation, oldest first; at least one turn of the customer.
            playbook: name of the playbook to judge by; empty: the server's default.
            locale: BCP 47 tag of the language; empty: English.
            timeout_s: see the class.
            request_id: see the class.
        """
        request = conversation_request(turns, playbook=playbook, locale=locale)
        return await self._call(self._empathy.ScoreConversation, request, timeout_s, request_id)

    async def batch_score_replies(
        self,
        items: Iterable[empathy_service_pb2.ScoreReplyRequest],
        *,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> empathy_service_pb2.BatchScoreRepliesResponse:
        """Judges several replies, 100 at most; `reply_request` makes an item.

        The results come in the order of the items. An item that fails has its `error` there, which
        `error_from_status` turns into a `CallError`; the call raises only where it failed as a whole.
        """
        request = batch_request(items)
        return await self._call(self._empathy.BatchScoreReplies, request, timeout_s, request_id)

    def coach(
        self,
        turns: Sequence[conversation_pb2.Turn] = (),
        *,
        playbook: str = "",
        locale: str = "",
        resume_for_s: float = 30.0,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> AsyncCoaching:
        """Follows a live conversation, turn by turn, in a `with` statement.

        A stream that breaks is opened again by itself, and goes on as if it had not broken.

        Args:
            turns: what was said already, oldest first.
            playbook: name of the playbook to judge and advise by; empty: the server's default.
            locale: BCP 47 tag of the language; empty: English.
            resume_for_s: seconds for which a broken stream is tried to be opened again; 0: it is not.
            timeout_s: seconds to wait for the answer to a turn; None: that of the options.
            request_id: see the class; the same for every stream of the conversation.
        """
        return AsyncCoaching(
            self._empathy.CoachConversation,
            CoachingLog(turns, playbook=playbook, locale=locale),
            Resumption(self._options, for_s=resume_for_s),
            call_terms(self._options, timeout_s=timeout_s, request_id=request_id),
        )

    async def list_playbooks(
        self,
        *,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> playbook_service_pb2.ListPlaybooksResponse:
        """Lists the playbooks, the default first, without their exemplars."""
        request = playbook_service_pb2.ListPlaybooksRequest()
        return await self._call(self._playbooks.ListPlaybooks, request, timeout_s, request_id)

    async def get_playbook(
        self,
        name: str,
        *,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> playbook_service_pb2.GetPlaybookResponse:
        """Gives one playbook whole.

        Raises:
            NotFound: there is none of that name.
        """
        request = playbook_request(name)
        return await self._call(self._playbooks.GetPlaybook, request, timeout_s, request_id)

    async def server_info(
        self,
        *,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> empathy_service_pb2.GetServerInfoResponse:
        """Tells the model, the limits, the playbooks and the date of calibration."""
        request = empathy_service_pb2.GetServerInfoRequest()
        return await self._call(self._empathy.GetServerInfo, request, timeout_s, request_id)

    async def health(
        self,
        service: str = "",
        *,
        timeout_s: float | None = None,
        request_id: str | None = None,
    ) -> health_pb2.HealthCheckResponse:
        """Tells whether a service is ready for calls; empty: the server as a whole. Never retried.

        Raises:
            NotFound: the server has no service of that name.
        """
        request = health_request(service)
        return await self._call(self._health, request, timeout_s, request_id)

    async def _call(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[_Q, _R]",
        request: _Q,
        timeout_s: float | None,
        request_id: str | None,
    ) -> _R:
        terms = call_terms(self._options, timeout_s=timeout_s, request_id=request_id)
        try:
            return await method(
                request,
                timeout=terms.timeout_s,
                metadata=terms.metadata,
                wait_for_ready=self._options.wait_for_ready,
            )
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            raise error_from_call(
                grpc.StatusCode.CANCELLED, "the client was closed", (), request_id=terms.request_id
            ) from None
        except grpc.aio.AioRpcError as error:
            raise error_from_call(
                error.code(),
                error.details() or "",
                error.trailing_metadata() or (),
                request_id=terms.request_id,
            ) from error


def _open_channel(options: ClientOptions) -> grpc.aio.Channel:
    target, arguments = channel_target(options.target), channel_arguments(options)
    credentials = channel_credentials(options)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=arguments)
    return grpc.aio.secure_channel(target, credentials, options=arguments)
