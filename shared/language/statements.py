"""What a sentence says of something: that it is so, that it is not, or neither.

"It is cancelled" states it and "it was not cancelled" denies it; a question, an offer, a condition
or an intention leaves it open ("Shall I have it cancelled?", "I can have it cancelled", "Once it is
cancelled, ...", "I will get it cancelled"). Sentences are read as recognizers write them, with
commas, capitals and question marks or without.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache

from shared.language.as_heard import normalize, phrase, sentences
from shared.language.paraphrase import ways_to_say


class Standing(StrEnum):
    """What becomes of something that is spoken of."""

    STATED = "stated"
    DENIED = "denied"
    OPEN = "open"


_COMMA = re.compile(r"[,;:](?=\s)|\s[-\u2013\u2014]+\s|\u2014")
_PAUSE = "|"
"""Where a comma was, among words."""

_ASSURANCES = re.compile(
    r" (?:(?:no|not a|without(?: a| any)?) (?:problems?|worr(?:y|ies)|trouble|bother|rush|doubt"
    r"|delay)(?: at all)?|(?:do not|not to|no need to|need not|nothing to) worry"
    r"(?: about(?: that| it| a thing))?|not at all|never mind|why not"
    r"|if i (?:am not mistaken|see (?:it|this|that) (?:right|correctly))"
    r"|if you (?:look|check)|could not be (?:happier|easier)"
    r"|(?:i|we) can (?:now |also |gladly |happily )?(?:see|confirm|assure you|tell you|say)"
    r"(?: here| now)?(?: that)?(?! if| whether| when| how| what| why)"
    r"|as (?:you )?(?:asked|requested|wished|wanted|promised|agreed))(?= )"
)
"""What has a "no" or an "if" in it, and denies nothing."""
_NOT_ONLY = re.compile(
    r" not only (is|are|was|were|has|have|will|did) (it|that|this|they|you|i|we) "
)

_BE = r"(?:is|are|was|were|am|be|been|has|have|had)"
_AUX = rf"(?:{_BE}|will|would|can|could|may|might|shall|should|must|do|does|did|get|gets|got)"
_ADVERB = r"(?:just|already|now|then|also|successfully|hereby|finally|gladly)"
_PRONOUN = r"(?:i|we|you|it|that|this|they|he|she|which|everything|both|all of it|there)"
_NOUN = r"(?:your|the|our|my|a|an|any|1 of)(?: (?!that |which |when |if |not )\w+){1,4}?"
_SUBJECT = re.compile(
    r"(?<! of)(?<! for)(?<! with)(?<! about)(?<! no)(?<!thing)"
    rf"(?= (?:{_PRONOUN}|{_NOUN})(?: {_ADVERB})* {_AUX} )"
)
"""Where a clause with a subject and a verb of its own begins."""
_ACTOR = re.compile(rf"(?= (?:i|we|they|he|she)(?: {_ADVERB})* $)")
"""The subject of a verb that follows at once: "I cancelled"."""
_BREAK = re.compile(r" (?:but|so|however|therefore|because|though|although) ")
"""Words after which another clause begins, whose subject may be left out."""

_WHO = r"(?:i|you|we|they|he|she|it|that|this|there|the|your|my|our|any\w+|some\w+)"
_OPENING = (
    r"^(?: (?:okay|and|well|right|all right|now|but|then|sorry|great|perfect|sure|oh|yes|no|thanks"
    r"|thank you|\|))*"
)
_ASKS = re.compile(
    rf"{_OPENING} (?:so )?(?:(?:what|which|when|where|why|how|who)(?: \w+)? )?"
    rf"(?:shall|shell|should|would|could|can|may|will|do|does|did|is|are|was|were|has|have) {_WHO} "
    rf"|{_OPENING} (?:so )?(?:do|does|did|is|are|was|were|has|have|would|could|can|will) not"
    rf" {_WHO} "
)
_GOES_ON_TO_ASK = re.compile(
    r" (?:(?:shall|should|would|could|can|may|do|did|will) (?:i|you|we) |is there (?:any|some)"
    r"|are you )"
)
"""Where a question begins in a sentence that has begun as none."""
_TAG = re.compile(
    r" (?:is|are|was|were|has|have|had|do|does|did|will|would|can|could|should)(?: not)?"
    r" (?:it|that|this|they|you|i|we)(?: not| right| correct| true)? $"
    r"|(?: \|)? (?:right|correct|yes|yeah|no|true) $"
)
"""What makes a question of the statement before it."""

_WHEN = (
    r"(?:if|unless|once|when(?:ever)?|as soon as|as long as|in case|providing|provided|assuming"
    r"|the (?:moment|minute)|supposing)"
)
_SUBORDINATE = re.compile(
    rf" (?:{_WHEN}|until|till|before|after|whether|why|how|where|while|by the time)(?: that)? $"
)
_CONDITION = re.compile(rf" (?:{_WHEN}|(?:after|should) (?:you|we|i)) ")
_UNSURE = re.compile(
    r" (?:not|no|never|nobody|nothing|unable|hardly)(?: \w+){0,4} (?:think|believe|know|say|see"
    r"|confirm|promise|guarantee|tell(?: you)?|sure|certain|clear|true|records?|signs?|evidence"
    r"|information|aware|find|expect|imagine|case|mean|proof)(?: (?:that|it|here|yet|of|to me))* $"
    r"|(?: (?:doubt|unsure|wonder\w*|hop(?:e|ing)|wish|maybe|perhaps|possibly|(?:make|be) sure"
    r"|impossible|pretend\w*)| (?:will|let me|to|please) check)(?: that| \|)* $"
    r"| (?:you|he|she|they)(?: \w+)? (?:said|say|told|mention\w*|claim\w*|think|thought|want\w*"
    r"|ask\w*|request\w*|wish|would like|prefer|need)(?: \w+){0,3} $"
)
"""Before a clause that is then only thought, hoped, or said by somebody else."""
_TELLING = 4
"""Words of a sentence that tells something; shorter ones are "One moment." or "All right."."""
_PAST = re.compile(r" (?:have|has|had|was|were|been|did) ")
_DENIAL = re.compile(
    r" (?:not|no|never|none|nothing|nobody|neither|nor|unable|without|hardly|fail\w*|refus\w*"
    r"|declin\w*|instead of|rather than|too late|impossible|yet to) "
)
_POSSIBLE = re.compile(
    r" (?:can|could|may|might|would|want\w*|wish\w*|need\w*|ask\w*|about to|tr(?:y|ied"
    r"|ying)|supposed|please|must|ought|(?:have|has|had) to|maybe|perhaps|possibly|almost|nearly"
    r"|work\w* on|wait\w*|(?<! was)(?<! were)(?<! been) able to|how to|(?:was|were) going to"
    r"|request\w*|a chance) "
)
_INFINITIVE = re.compile(
    r"(?<! going)(?<! able)(?<! managed) to (?:be|have|get|see)(?: \w+){0,4} $"
)
_INTENDED = re.compile(
    r" (?:i|we) (?:(?:will|shall)|(?:am|are) going to)(?: \w+)? (?:have|get|see)(?: \w+){0,5} $"
    r"|(?:i|we) (?:(?:will|shall)|(?:am|are) going to) | let (?:me|us) "
)
_DEED = re.compile(r" (?:\w{2,}ed|sent|made|paid|done|given|taken|reset|set|sorted|sold|brought) ")
"""Words for what has come to its end."""
_TAKEN_BACK = re.compile(
    r" (?:sorry|mistaken|(?:i|we) (?:was|were|am|are) wrong|wait|actually"
    r"|(?:my|a) (?:mistake|error)|correction|apologi\w*|in fact|after all|i see now|hang on|hold on"
    r"|unfortunately) "
)
_UNDONE = re.compile(
    r" (?:it|that|this|which) (?:did not|has not|was not)(?: \w+)? (?:go through|gone through|work"
    r"|worked|happen|happened|succeed|saved?|successful) | (?:it|that) (?:has )?failed "
    r"|(?:i|we) (?:was|were) (?:mistaken|wrong) | (?:take|took|taken) (?:it|that) back "
)


_UNAVAILABLE = re.compile(
    r" (?:all|every|most|both|the other|the last|the only|our|no)(?: \w+){0,5}?"
    r" (?:slots?|times?|openings?|spots?|spaces?|places?|seats?|tables?|rooms?|dates?|days?"
    r"|mornings?|afternoons?|evenings?|weekends?|hours?|doctors?|nurses?|technicians?|\w+days?"
    r"|appointments)(?: \w+){0,5}"
    r" (?:is|are|was|were|(?:has|have) (?:all |already )?been|get|got)"
    r"(?: (?:already|all|both|now|unfortunately))* $"
    r"| (?:fully|completely|solidly|over|double|heavily) $|(?:^| )(?:we|they) (?:are|were)"
    r"(?: (?:already|all|completely))* $"
)
"""Before what tells of a time or a place that others have, and is nothing done for the caller."""
_FULL = re.compile(r"^ (?:up|out|solid|full) ")
_BOOKED = frozenset({"booked", "taken", "reserved", "filled", "gone", "occupied"})
_SAYING_LITTLE = frozenset({
    "i", "we", "you", "it", "that", "this", "they", "he", "she", "your", "my", "our", "the", "a",
    "an", "any", "of", "for", "to", "on", "in", "at", "and", "or", "with", "from", "not", "no",
    "is", "are", "was", "were", "be", "been", "has", "have", "had", "will", "can", "could", "would",
    "do", "did", "does", "yet", "now", "already", "just", "all", "so", "but", "there", "as", "by",
    "am", "okay", "yes", "right", "th", "up", "back", "able", "get", "got", "also", "too", "here",
    "sorry", "afraid", "please", "still", "well", "today", "then", "which", "what", "after",
    "order", "orders", "appointment", "visit", "request", "account", "money", "amount", "payment",
    "charge", "dollars", "cents", "system", "booking", "contract", "plan",
})  # fmt: skip
"""Words that do not tell one thing from another that the same may be said of."""
_EXACT_DAY = re.compile(
    r"\w+day|january|february|march|april|june|july|august|(?:septem|octo|novem|decem)ber"
)


class Claim:
    """Something that may be stated, denied and taken back in the course of a conversation.

    What was stated stays so until it is denied, of the same thing; "that did not go through" takes
    back what was stated right before.

    Args:
        wanted: The words for it, one of which will do.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self.stated = False
        self._wanted = tuple(wanted)
        self._lately = False
        """It was stated in the text heard last."""
        self._about: frozenset[str] = frozenset()
        """The words for what it was stated of."""

    def hear(self, text: str) -> None:
        """Take note of what `text` says of it."""
        before, lately, taken_back = self.stated, self._lately, False
        here = False
        for sentence in sentences(text):
            words = _words(sentence)
            for standing, place in _standings(sentence, self._wanted):
                taken_back = taken_back or bool(_TAKEN_BACK.search(words[:place]))
                about = self._subject(words)
                if standing is Standing.STATED:
                    self.stated, here, taken_back = True, True, False
                    self._about = about
                elif standing is Standing.DENIED and (
                    taken_back or (not here and _of_the_same(about, self._about))
                ):
                    self.stated = False
            taken_back = taken_back or bool(_TAKEN_BACK.search(words))
            if (lately or here) and _UNDONE.search(words) and not is_question(sentence):
                self.stated = False
        self._lately = self.stated and (here or not before)

    def _subject(self, words: str) -> frozenset[str]:
        """What a sentence is about, beside what is claimed of it."""
        claimed = {word for want in self._wanted for word in normalize(want)}
        named = (word for word in words.split() if word.isalpha())
        return frozenset(named) - claimed - _SAYING_LITTLE


def _of_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sentences may be about one thing: they share a word, or one of them has none."""
    days, others = (
        {word for word in words if _EXACT_DAY.fullmatch(word)} for words in (one, other)
    )
    if days and others and not days & others:
        return False
    return not one or not other or bool(one & other)


class AnyAnswer:
    """Heard in whatever tells something and asks nothing: a `Claim` whose words nobody has named.

    Example:
        >>> answer = AnyAnswer()
        >>> answer.hear("Sure. What is your name?")
        >>> answer.stated
        False
    """

    def __init__(self) -> None:
        self.stated = False

    def hear(self, text: str) -> None:
        """Take note of `text`."""
        parts = sentences(text)
        tells = any(len(part.split()) >= _TELLING for part in parts)
        self.stated = self.stated or (tells and not any(map(is_question, parts)))


def is_stated(text: str, wanted: Sequence[str]) -> bool:
    """Whether `text` states one of `wanted`.

    Example:
        >>> is_stated("No problem, I have refunded it.", ["refunded"])
        True
    """
    return stated_after([text], wanted)


def is_given(text: str, wanted: Sequence[str]) -> bool:
    """Whether `text` states one of `wanted`, or denies something else on its account.

    Example:
        >>> is_given("It cannot be moved on its day.", ["on its day"])
        True
        >>> is_given("It is not too late.", ["too late"])
        False
    """
    for sentence in sentences(text):
        words = _words(sentence)
        for standing, place in _standings(sentence, tuple(wanted)):
            denials = [match.end() for match in _DENIAL.finditer(words[:place])]
            apart = denials and len(words[denials[-1] - 1 : place].split()) > 1
            if standing is Standing.STATED or (standing is Standing.DENIED and apart):
                return True
    return False


def stated_after(texts: Iterable[str], wanted: Sequence[str]) -> bool:
    """Whether one of `wanted` is so after all of `texts`, one after the other.

    Example:
        >>> stated_after(["It is refunded.", "Sorry, it has not been refunded."], ["refunded"])
        False
    """
    claim = Claim(wanted)
    for text in texts:
        claim.hear(text)
    return claim.stated


def is_question(sentence: str) -> bool:
    """Whether a sentence is a question or ends with one, with a question mark or without."""
    return _question_at(_words(sentence), asked=sentence.endswith("?")) < len(_words(sentence))


def standing_of(sentence: str, want: str) -> Standing | None:
    """What `sentence` says of `want`; None if it does not speak of it.

    Example:
        >>> standing_of("Once it is cancelled, you get a letter.", "cancelled")
        <Standing.OPEN: 'open'>
    """
    found = [standing for standing, _ in _standings(sentence, (want,))]
    return next((one for one in Standing if one in found), None)


@lru_cache(maxsize=4096)  # a dialogue is replayed at every turn, over the same texts
def _words(sentence: str) -> str:
    """The words of a sentence, with a sign for each comma and without what only assures."""
    parts = [phrase(part).strip() for part in _COMMA.split(sentence)]
    words = f" {f' {_PAUSE} '.join(part for part in parts if part)} "
    words = _NOT_ONLY.sub(r" \2 \1 ", words)
    return _ASSURANCES.sub(f" {_PAUSE}", words)


@lru_cache(maxsize=4096)
def _standings(sentence: str, wanted: tuple[str, ...]) -> tuple[tuple[Standing, int], ...]:
    """What is said of each of `wanted` where it is spoken of, and where, in order."""
    if not wanted:
        return ()
    words = _words(sentence)
    asked_at = _question_at(words, asked=sentence.endswith("?"))
    patterns = [pattern for want in wanted for pattern in ways_to_say(want, _PAUSE)]
    found = re.finditer(rf"(?<= )(?:{'|'.join(patterns)})", words)
    return tuple((_standing(words, match.span(), asked_at), match.start()) for match in found)


def _question_at(words: str, *, asked: bool) -> int:
    """Where in `words` a question begins; its length if nowhere."""
    if _ASKS.search(words) or ((tag := _TAG.search(words)) and (asked or " not " in tag[0])):
        return 0
    places = [match.start() for match in _GOES_ON_TO_ASK.finditer(words)]
    if places:
        return places[0]
    return max(words.rfind(f" {_PAUSE} "), 0) if asked else len(words)


def _standing(words: str, span: tuple[int, int], asked_at: int) -> Standing:
    """What the clause around `span` says of it."""
    start, end = span
    left, said = words[:start], words[start - 1 : end]
    parts = [match.end() - 1 for match in _BREAK.finditer(left)]
    broken_at = max(parts, default=0)
    subjects = [
        match.start() for match in _SUBJECT.finditer(words[:end]) if match.start() < start - 1
    ]
    subjects += [match.start() for match in _ACTOR.finditer(left)]
    began_at = max([broken_at, *(place for place in subjects if place >= broken_at)])
    governing, own = words[broken_at : began_at + 1], words[began_at:start]
    following = _BREAK.split(words[end - 1 : max(asked_at, end)])[0]
    if start >= asked_at or _SUBORDINATE.search(governing) or _UNSURE.search(governing):
        return Standing.OPEN
    done = _PAST.search(own + said.lstrip()) or _ACTOR.search(own)
    if not done and (_CONDITION.search(governing) or _CONDITION.search(following)):
        return Standing.OPEN
    if _DENIAL.search(own):
        return Standing.DENIED
    undone = _POSSIBLE.search(own) or _INFINITIVE.search(own) or _CONDITION.search(own)
    intended = _DEED.search(said) and _INTENDED.search(own)
    full = _BOOKED.intersection(said.split()) and _is_full(left, words[end - 1 :])
    return Standing.OPEN if undone or intended or full else Standing.STATED


def _is_full(left: str, following: str) -> bool:
    """Whether what is booked or taken is a time or a place, and not by the caller."""
    return bool(_UNAVAILABLE.search(left) or _FULL.search(following))
