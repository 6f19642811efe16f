"""Words that say nothing about what a prompt is about, and the particles that Korean nouns carry."""

# fmt: off
# Longest first, so that "에서는" goes before "는".
PARTICLES: tuple[str, ...] = (
    "에서는", "으로는", "에게서", "까지는", "부터는", "이라는", "에서", "에게", "으로", "까지", "부터", "처럼",
    "보다", "이나", "하고", "라는", "한테", "마다", "에는", "은", "는", "이", "가", "을", "를", "의", "에", "로",
    "와", "과", "도", "만",
)
KOREAN_STOP: frozenset[str] = frozenset({
    "그리고", "그러나", "하지만", "무엇", "무슨", "어떤", "어떻게", "얼마", "언제", "어디", "누가", "왜", "이것",
    "그것", "저것", "대해", "대한", "대하여", "관해", "관한", "위해", "위한", "알려줘", "알려", "알려주세요",
    "설명해줘", "설명해", "설명", "해줘", "해주세요", "주세요", "써줘", "써주세요", "작성해줘", "요약해줘", "요약",
    "정리해줘", "번역해줘", "만들어줘", "추천해줘", "말해줘", "안녕", "안녕하세요", "오늘", "지금", "우리", "저희",
    "제가", "내가", "나는", "저는", "너는", "당신", "있나요", "인가요", "할까요", "입니까", "합니까", "있어", "없어",
    "하는", "하면", "해서", "있는", "없는", "되는", "같은", "이런", "그런", "좀", "더", "한", "두", "세", "네", "줄",
    "문장", "간단히", "짧게", "자세히", "질문", "대답", "답변", "답해줘", "답해", "무엇인가요", "뭐야", "뭔가요",
    "있습니까", "있을까요", "싶어요", "싶어", "싶습니다",
})
ENGLISH_STOP: frozenset[str] = frozenset({
    "a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "could", "did", "do",
    "does", "doing", "down", "during", "each", "explain", "few", "for", "from", "further", "give", "had", "has",
    "have", "having", "he", "hello", "her", "here", "hers", "hi", "him", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "just", "let", "list", "me", "more", "most", "my", "no", "nor", "not", "now", "of", "off", "on",
    "once", "only", "or", "other", "our", "ours", "out", "over", "own", "please", "reply", "same", "say", "sentence",
    "sentences", "shall", "she", "short", "should", "show", "so", "some", "something", "such", "summarise",
    "summarize", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "those", "through", "to", "too", "translate", "under", "until", "up", "us", "use", "very", "want", "was",
    "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "word", "words",
    "would", "write", "you", "your", "yours", "answer", "question", "describe", "help", "make", "one", "two", "three",
    "need", "know", "briefly", "today",
})
