"""What the vocabularies know of English: common words, and letters and pairs from the commonest down."""

LETTERS = "etaoinshrdlcumwfgypbvkjxqz"

_PAIRS = """
th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur
me co ro ri ic ne io ll li el ch om wh be ma us ca no la fo ho ce so di ec tr un ei ac ta ge em wa ee pe we ai lo mo
ut id ow ay po ot ul ad ol pa ss vi wi su do ni il ie sh am mi pr im ir ke ts bo ck ga bu fi ag qu
"""

_WORDS = """
a about above across after again against all almost alone along already also although always am among an and another
answer any anything are around as ask at away back be because become been before began behind being below best
better between big black both bring build but by call came can cannot carry change children city clear close cold
come could country cut day did different do does done door down during each early earth easy eat end enough even
ever every example eye face fact family far fast father feel few field find fire first five follow food for form
found four free from full game gave get girl give given go good got great green ground group grow had half hand hard
has have he head hear heard heart help her here high him his hold home hour house how however hundred i idea if
important in inside into is it its just keep kind king knew know land language large last late later learn leave
left less let letter life light like line list little live long look lost love machine made make man many mark may
me mean men might mile mind model money moon more morning most mother move much music must my name near need never
new next night no north not nothing notice now number of off often old on once one only open or order other our out
over own page paper part pass people person place plan plant play point power problem program put question quick
quite rain ran reach read ready real red rest right river road rock room round rule run said same saw say school sea
second see seem sentence set several shall she ship short should show side simple since sing sit six size sleep slow
small snow so some something song soon sound south space stand star start state stay step still stood stop story
street strong study such sun sure system table take talk teach tell ten than that the their them then there these
they thing think third this those though thought thousand three through time to today together told too took top
toward town travel tree true try turn two under unit until up upon us use very voice walk want war warm was watch
water way we week well went were west what wheel when where whether which while white who whole why will wind window
winter with within without woman wood word work world would write wrote year yes yet you young your
"""

PAIRS = _PAIRS.split()
WORDS = _WORDS.split()


def pairs_by_frequency() -> list[str]:
    """Return all 676 pairs of letters, the commonest first."""
    rank = {letter: place for place, letter in enumerate(LETTERS)}
    every = [first + second for first in LETTERS for second in LETTERS]
    others = sorted(set(every) - set(PAIRS), key=lambda pair: (rank[pair[0]] + rank[pair[1]], pair))
    return [*PAIRS, *others]


def prefixes(words: list[str]) -> list[str]:
    """Return every beginning of every word once, short ones first."""
    found = {word[:length] for word in words for length in range(1, len(word) + 1)}
    return sorted(found, key=lambda text: (len(text), text))
