"""Writes an answer that reads well, says plainly that it is simulated, and speaks of what was asked.

Deliberately no knowledge: the sentences hold for any topic, so that nobody takes one for a fact.
"""

import re
from collections.abc import Iterator
from random import Random
from typing import Literal

from madang_simulator.tokens import count_tokens, first_tokens
from madang_simulator.topics import Language, ends_in_consonant, language_of, topics_of

Kind = Literal["reasoning", "transcript"]
_LINE_OPENINGS: dict[Kind, dict[Language, str]] = {
    "reasoning": {"en": "Simulated reasoning:", "ko": "모의 추론:"},
    "transcript": {"en": "Simulated transcript:", "ko": "모의 녹취:"},
}
_ENGLISH_OPENING = (
    "Simulated answer: no model was asked about {a}.",
    "Simulated answer: this text only stands in for a reply about {a}.",
    "Simulated answer: here is what a reply on {a} might look like.",
)
_ENGLISH_TOOL_OPENING = (
    "Simulated answer: the tool reported {r}.",
    "Simulated answer: according to the tool, the result is {r}.",
)
_ENGLISH_BODY = (
    "A good first step is to write down what you expect from {a}, and by when.",
    "Most questions about {a} become easier once {b} has been settled.",
    "In practice, {a} and {b} are best looked at together.",
    "If the situation changes, it is worth checking {a} again with fresh figures.",
    "Two points deserve care here: who decides about {a}, and how the result is measured.",
    "A small example usually says more about {a} than a long explanation.",
    "Start with the simplest case of {a}, then add {b} when that works.",
    "People who work with {a} every day tend to keep a short checklist.",
    "There is no single right way, but {a} should stay easy to undo.",
    "Compare at least two options for {a} before choosing one.",
    "The effort for {b} is often underestimated, so leave some room in the plan.",
    "Once {a} is clear, the remaining steps follow quickly.",
    "It helps to agree on the words first: {a} does not mean the same to everyone.",
    "Keep a note of each decision about {b}, together with its reason.",
    "If in doubt, ask someone who has dealt with {a} before.",
    "That covers {a}; the details depend on your case.",
)
_KOREAN_OPENING = (
    "모의 응답: {a:에} 대해 실제 모델을 호출하지 않고 만든 글입니다.",
    "모의 응답: {a:에} 대한 답변의 모양을 보여 드리는 예시 글입니다.",
    "모의 응답: 시뮬레이터가 {a:을} 주제로 쓴 글이며 실제 모델의 답이 아닙니다.",
)
_KOREAN_TOOL_OPENING = (
    "모의 응답: 도구가 알려 준 결과는 {r}입니다.",
    "모의 응답: 도구를 호출해 보니 {r}(이)라고 합니다.",
)
_KOREAN_BODY = (
    "먼저 {a:을} 통해 얻고 싶은 것과 기한을 적어 두면 좋습니다.",
    "{a:은} {b:과} 함께 살펴볼 때 더 잘 이해할 수 있습니다.",
    "상황이 바뀌면 {a:을} 새로운 수치로 다시 확인해 보세요.",
    "{a:을} 누가 결정하는지, 결과를 어떻게 측정하는지 두 가지를 주의해야 합니다.",
    "긴 설명보다 작은 예시 하나가 {a:을} 더 잘 보여 줍니다.",
    "가장 단순한 경우부터 시작하고, 그다음에 {b:을} 더해 보세요.",
    "{a:을} 매일 다루는 분들은 짧은 점검표를 곁에 두곤 합니다.",
    "정답이 하나만 있는 것은 아니지만 {a:은} 되돌리기 쉬워야 합니다.",
    "{a:을} 고르기 전에 적어도 두 가지 방안을 비교해 보시기 바랍니다.",
    "{b:에} 드는 노력은 적게 잡히기 쉬우니 일정에 여유를 두세요.",
    "{a:이} 분명해지면 나머지 단계는 빠르게 진행됩니다.",
    "사람마다 {a:을} 다르게 이해할 수 있으니 먼저 용어부터 맞추는 편이 좋습니다.",
    "{b:에} 관한 결정은 그 이유와 함께 기록해 두세요.",
    "확신이 서지 않으면 {a:을} 다뤄 본 동료에게 물어보세요.",
    "정리하면 {a:이} 핵심이고, 세부 사항은 상황에 따라 달라집니다.",
)
_PLACE = re.compile(r"\{([abr])(?::(.))?\}")
_PARTICLE_PAIRS = {"은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"), "에": ("에", "에")}


def write_answer(prompt: str, *, tool_result: str | None, tokens: tuple[int, int], rng: Random) -> str:
    """Sentences in the prompt's language, between `tokens[0]` and `tokens[1]` tokens long.

    Ends with a whole sentence where the range allows it; else the last sentence is shortened to fit. `tool_result`
    makes the first sentence report what a tool returned.
    """
    least, most = tokens
    wanted = rng.randint(least, most)
    text = ""
    length = 0
    for sentence in _sentences(prompt, tool_result, rng):
        size = count_tokens(f" {sentence}" if text else sentence)
        if length + size > most:
            room = most - length if length < least else 0
            return (text + _shortened(f" {sentence}" if text else sentence, room)).strip()
        text = f"{text} {sentence}" if text else sentence
        length += size
        if length >= wanted:
            break
    return text


def write_lines(kind: Kind, prompt: str, *, tokens: int, rng: Random) -> str:
    """What a model thinks before its answer, or hears, about `prompt`; `tokens` long."""
    sentences = _sentences(prompt, None, rng)
    next(sentences)  # says that it is an answer
    text = _LINE_OPENINGS[kind][language_of(prompt)]
    length = count_tokens(text)
    while length < tokens:
        sentence = f" {next(sentences)}"
        text += sentence
        length += count_tokens(sentence)
    return first_tokens(text, tokens)


def _shortened(sentence: str, room: int) -> str:
    if room < 2:
        return first_tokens(sentence, room)
    ended = first_tokens(sentence, room - 1).rstrip(" ,;:.") + "."
    # The length counts more than the full stop: some deployments are set to an exact number of tokens.
    return ended if count_tokens(ended) == room else first_tokens(sentence, room)


def _sentences(prompt: str, tool_result: str | None, rng: Random) -> Iterator[str]:
    language = language_of(prompt)
    topics = topics_of(prompt, language) or _general_topics(language)
    if tool_result is None:
        yield _filled(rng.choice(_ENGLISH_OPENING if language == "en" else _KOREAN_OPENING), topics[0], topics[0], "")
    else:
        opening = _ENGLISH_TOOL_OPENING if language == "en" else _KOREAN_TOOL_OPENING
        yield _filled(rng.choice(opening), topics[0], topics[0], " ".join(tool_result.split())[:200].rstrip(".") or "-")
    body = list(_ENGLISH_BODY if language == "en" else _KOREAN_BODY)
    while True:
        rng.shuffle(body)
        for template in body:
            first = rng.choice(topics)
            second = rng.choice([topic for topic in topics if topic != first] or _general_topics(language)[1:])
            yield _filled(template, first, second, "")


def _general_topics(language: Language) -> list[str]:
    return ["your question", "the context", "the goal"] if language == "en" else ["질문", "맥락", "목표"]


def _filled(template: str, first: str, second: str, result: str) -> str:
    words = {"a": first, "b": second, "r": result}

    def word_with_particle(place: re.Match[str]) -> str:
        word, particle = words[place[1]], place[2]
        if particle is None:
            return word
        after_consonant, after_vowel = _PARTICLE_PAIRS[particle]
        return word + (after_consonant if ends_in_consonant(word) else after_vowel)

    sentence = _PLACE.sub(word_with_particle, template)
    return sentence[0].upper() + sentence[1:]
