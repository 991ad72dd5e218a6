"""How an alert looks in one person's chat: head, words of the coordinators, foot, buttons.

A drill says that it is one before and after its words, whatever those say; every copy carries the
reference by which a repeat is recognised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Severity
from bot.domain.ids import FlowId, LanguageTag
from bot.domain.messages import Button, Outgoing
from bot.flow.inputs import Universal
from bot.flow.model import Literal
from bot.services.pressed import flow_data, word_data

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.content.library import Library
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import AlertId

SAFE, HELP, LATER = FlowId("alerts_safe"), FlowId("alerts_help"), FlowId("alerts_later")
STOP = FlowId("alerts_stop")


def text_for(
    texts: Mapping[LanguageTag, str], fallback: LanguageTag, language: LanguageTag
) -> tuple[LanguageTag, str]:
    """Return the text for somebody and the language that it is in."""
    short = language.partition("-")[0]
    for tag in (language, LanguageTag(short), fallback):
        if tag in texts:
            return tag, texts[tag]
    return next(iter(texts.items()))


def compose(
    alert: Alert, library: Library, language: LanguageTag, *, repeat: bool, silent: bool = False
) -> Outgoing:
    """Put an alert into one language.

    Args:
        alert: The alert.
        library: Our own sentences.
        language: The person's.
        repeat: An earlier copy may have arrived: say so, with the reference.
        silent: No sound.
    """
    content = alert.content
    shown, body = text_for(content.texts, content.fallback, language)
    reference = Literal(text=alert.reference)
    drill = library.say("alert_drill", shown)
    head = "alert_correction" if alert.parent else f"alert_{content.severity}"
    parts = [drill] if alert.drill else []
    parts += [f"*{library.say(head, shown)}*", body.strip()]
    if content.roll_call:
        parts.append(f"*{library.say('alert_question', shown)}*")
    parts += [drill] if alert.drill else []
    parts.append(library.say("alert_reference", shown, reference=reference))
    text = "\n\n".join(parts)
    if repeat:
        mark = library.say("uncertain_repeat", shown, mark=reference)
        text = f"{mark}\n{text}"
    return Outgoing(
        text=text,
        language=shown,
        buttons=_buttons(alert, library, shown),
        silent=silent,
        repeat_of=alert.reference if repeat else None,
    )


def compose_again(alert: Alert, library: Library, language: LanguageTag) -> Outgoing:
    """Return the question of a roll call for somebody who has not answered it."""
    shown, _ = text_for(alert.content.texts, alert.content.fallback, language)
    drill = [library.say("alert_drill", shown)] if alert.drill else []
    parts = [
        *drill,
        f"*{library.say('alert_question', shown)}*",
        library.say("roll_call_again", shown),
        library.say("alert_reference", shown, reference=Literal(text=alert.reference)),
    ]
    return Outgoing(
        text="\n\n".join(parts), language=shown, buttons=_buttons(alert, library, shown)
    )


DIGEST_SIGNS = 3_500
"""A digest longer than this is cut into several: each must be one message that can be changed."""


def compose_digest(
    alerts: Sequence[Alert],
    library: Library,
    language: LanguageTag,
    *,
    repeats: Collection[AlertId] = (),
) -> Outgoing:
    """Put several quiet alerts into one message; of `repeats` an earlier copy may have arrived."""
    shown = compose(alerts[0], library, language, repeat=False).language
    parts = [f"*{library.say('alert_digest', shown)}*"]
    marks = [alert.reference for alert in alerts if alert.id in repeats]
    for alert in alerts:
        content = alert.content
        _, body = text_for(content.texts, content.fallback, language)
        reference = Literal(text=alert.reference)
        drill = [library.say("alert_drill", shown)] if alert.drill else []
        foot = library.say("alert_reference", shown, reference=reference)
        parts.append("\n".join([*drill, body.strip(), *drill, foot]))
    text = "\n\n".join(parts)
    if marks:
        mark = library.say("uncertain_repeat", shown, mark=Literal(text=" ".join(marks)))
        text = f"{mark}\n{text}"
    return Outgoing(
        text=text,
        language=shown,
        buttons=((_stop(library, shown),),),
        silent=True,
        repeat_of=marks[0] if marks else None,
    )


def compose_without(
    alert: Alert, others: Sequence[Alert], library: Library, language: LanguageTag
) -> Outgoing:
    """Return what a digest becomes when one alert is taken out of it.

    With a recall by changing, what stands in its place stands above the others.
    """
    if len(others) > 1:
        rest = compose_digest(others, library, language)
    else:
        rest = compose(others[0], library, language, repeat=False, silent=True)
    if not alert.edits:
        return rest
    withdrawn = compose_withdrawn(alert, library, language)
    return replace(rest, text=f"{withdrawn.text}\n\n{rest.text}")


def compose_withdrawn(alert: Alert, library: Library, language: LanguageTag) -> Outgoing:
    """Return what stands in place of an alert that was recalled by changing it.

    Only the correction that was approved with it may stand there; else our own sentence. Nobody
    can reach people with new words by recalling an alert.
    """
    content = alert.content
    if content.correction:
        shown, body = text_for(content.correction, content.fallback, language)
    else:
        shown, _ = text_for(content.texts, content.fallback, language)
        body = library.say("alert_withdrawn", shown)
    foot = library.say("alert_reference", shown, reference=Literal(text=alert.reference))
    head = library.say("alert_correction", shown)
    drill = [library.say("alert_drill", shown)] if alert.drill else []
    return Outgoing(
        text="\n\n".join([*drill, f"*{head}*", body.strip(), *drill, foot]), language=shown
    )


def _buttons(
    alert: Alert, library: Library, language: LanguageTag
) -> tuple[tuple[Button, ...], ...]:
    if alert.content.roll_call:
        asked = (("safe", SAFE, "good"), ("help", HELP, "danger"), ("later", LATER, "plain"))
        return tuple(
            (
                Button(
                    label=library.say(f"roll_call_{name}", language),
                    data=flow_data(flow),
                    style=style,
                ),
            )
            for name, flow, style in asked
        )
    if alert.content.severity is Severity.RED and not alert.drill:
        sos = library.say("sos_button", language)
        return ((Button(label=sos, data=word_data(Universal.SOS), style="danger"),),)
    return ((_stop(library, language),),)


def _stop(library: Library, language: LanguageTag) -> Button:
    return Button(label=library.say("alert_stop_button", language), data=flow_data(STOP))
