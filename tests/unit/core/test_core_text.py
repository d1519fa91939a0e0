"""Text: sentences tile the turn, and what must not change a judgement is gone before the encoder reads."""

import pytest
from amends_core.text import Span, digest, has_words, normalise, parts_of, passage_of, split, word_count
from amends_core.text.normal import CONTEXT_CHARACTERS, CONTEXT_MARK, HEAD_CHARACTERS, TAIL_CHARACTERS, as_read
from amends_core.text.sentences import MAX_WORDS
from hypothesis import example, given
from hypothesis import strategies as st

SPLITS = [
    # plain stops
    ("I am sorry. I will fix it.", ["I am sorry.", "I will fix it."]),
    ("Really? Yes! Fine.", ["Really?", "Yes!", "Fine."]),
    ("Wait?! Really???", ["Wait?!", "Really???"]),
    ("It's done . Thanks .", ["It's done .", "Thanks ."]),
    ('He said "no way." Then he left.', ['He said "no way."', "Then he left."]),
    ("(We checked it.) It is fine.", ["(We checked it.)", "It is fine."]),
    # abbreviations
    ("Mr. Osei will call you. He knows.", ["Mr. Osei will call you.", "He knows."]),
    ("Bring e.g. a passport, i.e. a photo.", ["Bring e.g. a passport, i.e. a photo."]),
    ("We sell cables, plugs, etc. You choose.", ["We sell cables, plugs, etc.", "You choose."]),
    ("We sell cables etc. at the counter.", ["We sell cables etc. at the counter."]),
    ("I am in at 3 p.m. today.", ["I am in at 3 p.m. today."]),
    ("I am in at 3 p.m. Call me then.", ["I am in at 3 p.m.", "Call me then."]),
    ("It leaves on Tue. 5 March, order no. 12 is first.", ["It leaves on Tue. 5 March, order no. 12 is first."]),
    ("You hear from me in 2 hrs. Please wait.", ["You hear from me in 2 hrs.", "Please wait."]),
    # initials
    ("J. R. Smith has it. Good.", ["J. R. Smith has it.", "Good."]),
    ("That was you and I. We know.", ["That was you and I.", "We know."]),
    # links, addresses, numbers
    ("See https://shop.example/a.b?Id=5 for it. Thanks.", ["See https://shop.example/a.b?Id=5 for it.", "Thanks."]),
    ("Go to www.shop.example/Help.Page now. Ok?", ["Go to www.shop.example/Help.Page now.", "Ok?"]),
    ("It is at https://shop.example/x. Thanks.", ["It is at https://shop.example/x.", "Thanks."]),
    ("Write to jo.doe@shop.example.org. Thanks!", ["Write to jo.doe@shop.example.org.", "Thanks!"]),
    ("Order #A-1234.5 costs $3.50 now. Fine.", ["Order #A-1234.5 costs $3.50 now.", "Fine."]),
    ("Version 2.0.1 mends it. Update.", ["Version 2.0.1 mends it.", "Update."]),
    # lists
    ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
    ("1. Open it\n2. Close it", ["1. Open it", "2. Close it"]),
    ("a. Open it\nb. Close it", ["a. Open it", "b. Close it"]),
    ("- open it\n- close it", ["- open it", "- close it"]),
    # ellipses
    ("Hmm... let me see.", ["Hmm... let me see."]),
    ("Hmm\u2026 let me see.", ["Hmm\u2026 let me see."]),
    ("Hmm... I see.", ["Hmm...", "I see."]),
    # emoji
    ("All done! 😊 We hope it helps.", ["All done! 😊", "We hope it helps."]),
    ("All done 😊 We hope it helps", ["All done 😊", "We hope it helps"]),
    ("All 😊 done and dusted", ["All 😊 done and dusted"]),
    ("Bye 👋🏽", ["Bye 👋🏽"]),
    # new lines
    ("Hello Jo\n\nWe looked\r\nBye", ["Hello Jo", "We looked", "Bye"]),
    # forgotten spaces, forgotten punctuation
    ("Sorry about that.We will mend it today", ["Sorry about that.", "We will mend it today"]),
    ("oh wow!what a day", ["oh wow!", "what a day"]),
    ("i am sorry i will fix it", ["i am sorry i will fix it"]),
    # nothing to say
    ("?!", ["?!"]),
    ("!!! hello", ["!!! hello"]),
    ("hello !!! ???", ["hello !!! ???"]),
]


@pytest.mark.parametrize(("text", "sentences"), SPLITS, ids=[repr(text)[:40] for text, _ in SPLITS])
def test_turn_is_split_where_a_reader_would(text: str, sentences: list[str]) -> None:
    assert [span.trimmed(text).of(text) for span in split(text)] == sentences


def test_empty_text_has_no_sentence() -> None:
    assert split("") == ()


def test_offsets_count_code_points_after_emoji() -> None:
    text = "👩‍🚀😊 Hi Jo. I am sorry."
    last = split(text)[-1].trimmed(text)
    assert (text[last.start : last.end], last.end) == ("I am sorry.", len(text))


def test_run_without_punctuation_is_cut_into_readable_pieces_at_clauses() -> None:
    text = " ".join(["we looked into it and it was late so we sent another one"] * 40)
    spans = split(text)
    assert len(spans) > 1
    assert max(word_count(span.of(text)) for span in spans) <= MAX_WORDS
    assert all(span.of(text).split()[0] in {"so", "and", "we"} for span in spans)


def test_cut_prefers_the_clause_boundary_nearest_to_the_middle() -> None:
    text = " ".join([*["word"] * 28, "word,", *["word"] * 40])
    assert [word_count(span.of(text)) for span in split(text)] == [29, 40]


WALLS = {
    "letters": "a" * 10_000,
    "stops": "." * 9_999 + "x",
    "question marks": "?" * 9_999 + "x",
    "stops and brackets": "." * 5_000 + ")" * 4_999 + "x",
    "stops apart": ". " * 5_000,
    "spaces among words": "w " * 70 + " " * 9_800 + "w",
    "dashes": "w " * 70 + " -" * 4_900 + "w",
    "emoji": "😊" * 10_000,
    "new lines": "\n" * 10_000,
    "words": "word " * 2_000,
    "links": "https://" * 1_250,
    "stops in links": "https://" + "!" * 9_990,
    "at signs": "a@" * 5_000,
    "capitals and dashes": "A-" * 5_000,
    "plus one": "+1" * 5_000,
    "digits apart": "1 " * 5_000,
}


@pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
def test_wall_of_text_is_split_and_normalised_in_one_pass(wall: str) -> None:
    """A regular expression that goes back over these for each character would run into the suite's timeout."""
    spans = split(wall * 8)
    assert (spans[0].start, spans[-1].end) == (0, len(wall) * 8)
    assert normalise(normalise(wall * 8)) == normalise(wall * 8)


WORDS = (
    "sorry We I no. Mr. e.g. 3.5 1. a. ... … ! ? . , ; - — http:// https://x.io/a?B=c www.x.org b.com/x jo@x.org @jo "
    "AB-12345 #123 12345678 1 2 0800 😊 ❤️ 👋🏽 don't ’ ŉ ﹘ é e\u0301 ^ ` 你好 。 loooooong"
)
PIECES = st.sampled_from([*WORDS.split(), "\n", " ", "  ", "\t", "\x85"])
TYPED = st.one_of(
    st.text(max_size=120), st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=30).map(" ".join)
)


@given(TYPED)
def test_spans_tile_the_text_without_gap_or_overlap(text: str) -> None:
    spans = split(text)
    assert "".join(span.of(text) for span in spans) == text
    assert [span.start for span in spans] == [0, *(span.end for span in spans)][: len(spans)]
    assert all(span.start < span.end for span in spans)


@given(TYPED)
def test_every_sentence_of_several_holds_a_letter_or_digit(text: str) -> None:
    spans = split(text)
    assert len(spans) < 2 or all(has_words(span.of(text)) for span in spans)


@given(TYPED)
def test_trimmed_span_lies_inside_and_loses_only_white_space(text: str) -> None:
    for span in split(text):
        trimmed = span.trimmed(text)
        assert span.start <= trimmed.start <= trimmed.end <= span.end
        assert trimmed.of(text) == span.of(text).strip()


@given(TYPED)
def test_splitting_is_deterministic(text: str) -> None:
    assert split(text) == split("".join(list(text)))


@given(TYPED, st.integers(0, 50), st.integers(0, 50))
def test_span_of_white_space_trims_to_nothing_inside_itself(text: str, start: int, length: int) -> None:
    blank = text + " " * length
    span = Span(len(text), len(blank))
    assert span.trimmed(blank).of(blank) == ""
    assert span.start <= span.trimmed(blank).start <= span.end


NORMALISED = [
    ("see https://shop.example/a?b=c now", "see <url> now"),
    ("see www.shop.example now", "see <url> now"),
    ("see shop.com/help now", "see <url> now"),
    ("http: //shop.example", "<url>"),
    ("write jo.doe+x@shop.example.org", "write <email>"),
    ("@ShopHelp where is it", "<user> where is it"),
    ("order #AB-12345 is late", "order <number> is late"),
    ("order 4711-0815 is late", "order <number> is late"),
    ("call +49 (89) 123 45 67", "call <number>"),
    ("call 0800 123  45 67", "call <number>"),
    ("in 2 hours, room 12, by 2026", "in 2 hours, room 12, by 2026"),
    ("I’m “sorry” – truly", 'I\'m "sorry" - truly'),
    ("late—again…", "late - again..."),
    ("sooooo late!!!!!!", "sooo late!!!"),
    ("all done 😊👋🏽 bye ❤️", "all done bye"),
    ("caf\u00e9 cafe\u0301", "café café"),
    ("  two \t\n lines ", "two lines"),
    ("ﬁne ŉ", "fine 'n"),
    ("😊", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "read"), NORMALISED, ids=[repr(text)[:40] for text, _ in NORMALISED])
def test_encoder_reads_words_and_placeholders(text: str, read: str) -> None:
    assert normalise(text) == read


@given(TYPED)
@example("0800 123  45 67")
@example("#12345@jo")
@example("\ud800")
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=60))
@example("All done ^RM")
def test_smile_at_the_end_changes_nothing(text: str) -> None:
    assert normalise(text + " 😊") == normalise(text)


@pytest.mark.parametrize(("text", "words"), [("can't re-send it", 3), ("😊 !", 0), ("a_b", 2), ("ok.", 1), ("", 0)])
def test_words_are_counted_as_people_count(text: str, words: int) -> None:
    assert word_count(text) == words


@pytest.mark.parametrize(("text", "has"), [("a", True), ("7", True), ("你", True), ("?! 😊", False), ("", False)])
def test_words_are_letters_or_digits(text: str, has: bool) -> None:
    assert has_words(text) is has


def test_passage_without_context_is_the_text_itself() -> None:
    assert passage_of("Yes — please 😊", "") == passage_of("Yes — please 😊", " 😊 ") == "Yes — please 😊"


def test_passage_keeps_text_and_context_apart() -> None:
    assert parts_of(passage_of("Yes 😊", "Shall I   send order #AB-12345?")) == ("Yes", "Shall I send order <number>?")


def test_end_of_a_long_context_is_read_from_a_whole_word_on() -> None:
    context = " ".join(f"word{i}" for i in range(100)) + " Shall I?"
    tail = parts_of(passage_of("Yes", context))[1]
    assert len(tail) <= CONTEXT_CHARACTERS
    assert context.endswith(" " + tail)
    assert tail.endswith("Shall I?")


@given(TYPED, TYPED)
def test_passage_gives_its_normalised_text_back_whatever_the_context(text: str, context: str) -> None:
    text, context = text.replace(CONTEXT_MARK, ""), context.replace(CONTEXT_MARK, "")
    assert parts_of(passage_of(text, context))[0] == as_read(text)
    assert len(parts_of(passage_of(text, context))[1]) <= CONTEXT_CHARACTERS


def test_long_message_is_read_by_its_head_and_tail_in_whole_words() -> None:
    text = "Hello there. " + " ".join(f"word{i}" for i in range(300)) + " Will you refund me?"
    head, tail = digest(text).split(" ... ")
    assert text.startswith(head + " ")
    assert text.endswith(" " + tail)
    assert tail.endswith("Will you refund me?")


@given(st.text(max_size=900))
@example("a" * 900)
def test_digest_is_short_and_leaves_short_messages_alone(text: str) -> None:
    most = HEAD_CHARACTERS + TAIL_CHARACTERS
    assert len(digest(text)) <= most + len(" ... ")
    assert len(text) > most or digest(text) == text
