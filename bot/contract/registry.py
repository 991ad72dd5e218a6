"""Everything that can be asked. Each subject adds its operations with one line."""

from collections.abc import Mapping

from bot.contract import alerts, cases, checkins, exports, follow_ups, notebook, people, session
from bot.contract.operations import Operation

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        *session.OPERATIONS,
        *alerts.OPERATIONS,
        *cases.OPERATIONS,
        *checkins.OPERATIONS,
        *exports.OPERATIONS,
        *people.OPERATIONS,
        *notebook.OPERATIONS,
        *follow_ups.OPERATIONS,
    )
}
