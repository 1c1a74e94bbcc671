"""What the names of columns say: which are those of texts and of labels."""

import re
import unicodedata
from collections.abc import Sequence, Set
from functools import cache

Rows = Sequence[list[str]]

LOOK = 2000  # rows that decide what a column holds


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


LABEL_NAMES = _words(
    # English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish, Vietnamese
    "label class category target sentiment intent topic emotion polarity stance choice "
    "majority majority_vote consensus "
    "klasse kategorie etikett stimmung thema absicht "
    "étiquette etiquette classe catégorie categorie libellé thème intention "
    "etiqueta clase categoría categoria sentimiento intención tema polaridad "
    "rótulo rotulo sentimento etichetta argomento etykieta klasa kategoria etiket sınıf kategori duygu nhãn "
    # Russian, Chinese, Japanese, Korean, Arabic, Hindi
    "метка класс категория тональность тема "
    "标签 标注 类别 分类 情感 意图 主题 標籤 類別 分類 情感傾向 "
    "ラベル カテゴリ カテゴリー クラス 感情 意図 라벨 레이블 분류 카테고리 감정 تصنيف فئة लेबल श्रेणी"
)
LABEL_MAYBE = _words(
    "v1 queue team rating overall star score feedback type tag kind group status reason severity priority department "
    "genre verdict annotation "
    "bewertung typ grund priorität avis note tipo motivo calificación valoración 评分 类型 星级 評価 種類 평점"
)
# classes that columns of yes and no are named after; in a row that is no header they are labels
CLASS_NAMES = _words("spam toxic toxicity hate offensive sarcasm sarcastic irony ironic humor abusive fake")
TEXT_NAMES = _words(
    "text sentence message review content comment tweet v2 sms utterance post document "
    "nachricht satz inhalt kommentar rezension äußerung texte phrase contenu commentaire énoncé "
    "texto frase oración mensaje contenido comentario reseña mensagem testo messaggio recensione commento "
    "tekst zin bericht zdanie wiadomość metin cümle yorum mesaj текст сообщение предложение отзыв комментарий "
    "文本 内容 评论 文章 句子 消息 正文 短信 內容 評論 テキスト 本文 文 コメント メッセージ レビュー 発話 "
    "텍스트 문장 내용 댓글 리뷰 메시지 نص पाठ"
)
TEXT_MAYBE = _words(
    "body description question prompt title subject headline query input article summary transcript abstract "
    "statement caption snippet beschreibung titel betreff frage titre objet question título asunto pregunta "
    "описание вопрос 标题 问题 描述 標題 タイトル 質問 제목 질문"
)
# what stands around the word that matters: gold_label, is_spam, label_id, clean_text
LABEL_AFFIXES = _words(
    "is has gold true final human manual correct actual expected my the encoded "
    "text name str string id idx index num number no code value coarse fine"
)
TEXT_AFFIXES = _words("clean cleaned raw original full processed normalized en english my the")
# a column whose name ends so is neither text nor label
NEITHER = _words(
    "id uid uuid guid asin sku isbn hash key index idx nr num number row line unnamed annotator worker rater coder "
    "split subset partition fold kfold date time timestamp datetime day month year hour utc created updated at "
    "url uri link href email mail phone file filename filepath path image confidence conf probability prob weight "
    "count cnt length len size retweet like vote price amount lat lon latitude longitude timezone coord "
    "completed_by zeit datum quelle fecha 日期 时间 编号 序号 日付"
)
# a column whose name ends so is the label only where nothing else is
HARDLY = _words(
    "language lang locale sprache langue idioma author user username name speaker country city location region "
    "source domain subreddit verified 语言 作者 言語"
)
NUMBER = re.compile(r"(?=\D*\d)[\d\s.,:/%$€£eE+-]+")


def names_text(name: str) -> bool:
    """Whether a column's name says outright that it holds texts."""
    return hint(name, TEXT_NAMES, frozenset()) == 4


def hint(name: str, sure: Set[str], maybe: Set[str], affixes: Set[str] = frozenset()) -> int:
    """4 for a name that says it, 3 where its last word does, 2 and 1 for names that may mean it, else 0.

    Words in `affixes` are passed over.
    """
    own = name_words(name)
    plain = [word for word in own if word not in affixes] or own
    for points, names in ((4, sure), (2, maybe)):
        known = _singular(frozenset(names))
        if name.lower().strip().removesuffix("s") in known:
            return points
        if plain[-1] in known:
            return points if len(own) == 1 else points - 1
    return 0


@cache
def _singular(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.removesuffix("s") for name in names)


def name_words(name: str) -> list[str]:
    """The words of a column's name without numbers and plural endings: 'SentimentLabel_2' -> sentiment, label."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    return [word.lower().removesuffix("s") for word in re.findall(r"[^\W\d_]+", apart)] or [""]


def unlikely(name: str) -> int:
    """How much a column's name speaks against its being the label: 2 where it is none, 1 where it hardly is, else 0."""
    if hint(name, LABEL_NAMES, set(), LABEL_AFFIXES):
        return 0
    last = name_words(name)[-1]
    return 2 if {last, name.lower()} & NEITHER else int(bool({last, name.lower()} & HARDLY))


def few(n: int) -> int:
    """How many different values among `n` are few, as a label's are."""
    return max(2, min(n // 2, 200))
