from rebench.ambiguity.labels import labels_of
from rebench.ambiguity.tagger import tag
from rebench.data.split import Sample


def sample(expression, od=None, ci=None):
    return Sample("s/1/0", 1, 1, 0, 1, expression, 4, 4, "dog", od, ci)


def test_a_label_of_the_data_beats_the_tagger():
    expression = "the dog next to the cat"
    assert tag(expression, "dog").group == "object_distracting"
    labels = labels_of(
        [sample(expression, False, True), sample(expression), sample("собака"), sample("собака", True)]
    )
    assert labels.flags == [(False, True), (True, False), (False, False), (True, False)]
    assert labels.sources == ["gold", "tagged", "unknown", "unknown"]
    assert labels.counts == {"gold": 1, "tagged": 1, "unknown": 2}


def test_a_flag_alone_is_kept():
    labels = labels_of([sample("the dog next to the cat", ci=True)])
    assert labels.flags == [(True, True)]
    assert labels.sources == ["tagged"]


def test_nothing():
    assert labels_of([]).counts == {"gold": 0, "tagged": 0, "unknown": 0}
