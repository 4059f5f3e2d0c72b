"""The characters, places and scenes that the story generator puts together.

Scenes are patterns (see ``patterns.py``). Slots: ``{n}`` the hero's name, ``{k}`` the kind, ``{he} {him} {his}`` and
``{He} {His}`` the pronouns, ``{t}`` the thing of the story, ``{p}`` the place, ``{f}`` a friend's name, ``{g}`` the
friend's kind, ``{fhe} {Fhe}`` the friend's pronoun.
"""

# ruff: noqa: E501 - a pattern stays on one line

HEROES: tuple[str, ...] = (
    "bee", "bee", "bee", "bee", "fox", "mouse", "robot", "snail", "hedgehog", "owl", "frog", "bear", "cat", "duck", "rabbit",
    "beetle", "girl", "boy", "gardener", "baker", "squirrel", "dragon", "dog", "crow", "turtle", "spider", "wizard",
    "fisherman", "goat", "whale", "sparrow", "moth", "ant", "wolf", "horse", "knight", "sailor", "ladybird",
)
NAMES_SHE: tuple[str, ...] = (
    "Mia", "Bea", "Lily", "Rosa", "Ida", "Nora", "Ella", "Tilda", "Wanda", "Pearl", "Hazel", "Ivy", "Daisy", "Greta", "Olive",
    "Clara", "Flora", "Juno", "Maud", "Poppy",
)
NAMES_HE: tuple[str, ...] = (
    "Tom", "Ben", "Otto", "Felix", "Hugo", "Max", "Oscar", "Leo", "Finn", "Jasper", "Milo", "Bruno", "Theo", "Emil", "Anton",
    "Gus", "Pip", "Rufus", "Walter", "Nils",
)
PLACES: tuple[str, ...] = (
    "garden", "forest", "meadow", "village", "valley", "town", "harbour", "castle", "mill", "mountain", "library",
    "orchard", "island", "farm", "desert", "city", "swamp", "market", "park", "lighthouse",
)
THINGS: tuple[str, ...] = (
    "lantern", "key", "map", "flower", "hat", "book", "bell", "boat", "clock", "kite", "coin", "letter", "pot of honey",
    "red button", "violin", "golden seed", "blue stone", "feather", "drum", "mirror", "compass", "scarf", "spoon", "ring",
    "box", "candle", "crown", "shell", "telescope", "cake",
)

OPENINGS: tuple[str, ...] = (
    "Once upon a time there was a (small|little|young|kind|clever|shy|brave|quiet) {k} named {n}. {He} lived in a (small|old|green|quiet|sunny) {p}.",
    "In a (small|quiet|green|far|sunny) {p} there lived a (little|young|brave|clever|kind) {k}. {His} name was {n}, and everybody knew {him}.",
    "{n} was a (little|young|brave|clever|shy|kind) {k} who lived (near|close to|at the edge of|in the middle of) a {p}. Every morning {he} (looked at the sky|sang a song|counted the clouds|greeted the sun).",
    "Long ago, in a (small|quiet|green|wide) {p}, a {k} named {n} woke up early. The sun was (warm|bright|golden), and the air smelled of (flowers|honey|rain|bread|grass).",
    "There was once a {k} called {n}. {He} was (small|little|young), but {he} had a (big|great|bold) dream.",
)
WISHES: tuple[str, ...] = (
    "One day {he} found a {t} (under a tree|beside the road|behind a stone|in the grass|near the water). Nobody knew where it came from.",
    "More than anything, {n} wanted a {t}. {He} thought about it (all day|day and night|every evening).",
    "One morning {his} {t} was gone. {n} looked (under the bed|behind the door|in every corner|in the kitchen), but it was not there.",
    "One evening a (letter|bird|stranger|messenger) came and told {him} about a {t} that was hidden in the {p}.",
    "{n} had a {t} that (shone in the dark|was older than the {p}|hummed a soft tune|had belonged to {his} grandmother).",
)
SCENES: tuple[str, ...] = (
    "{n} walked along the (river|road|path|wall) and met a {g} named {f}. \"Where are you going?\" asked {f}. \"I am looking for (help|an answer|the way|a friend),\" said {n}. \"Then I will come with you,\" said the {g}.",
    "Soon it began to rain. {n} hid under a (big leaf|old bridge|wide tree|broken cart) and waited. When the rain stopped, a (rainbow|soft light|warm wind) came over the {p}, and {he} went on.",
    "In the middle of the {p} stood a (tall|strange|very old) tree. A {g} sat on a branch and sang. \"You have a fine voice,\" said {n}. The {g} smiled and gave {him} (an apple|a nut|some good advice|a warm cup of tea).",
    "Then the path came to a deep river. There was no bridge, so {n} built a small boat from (leaves|wood|bark). {He} (sat down in it|pushed it into the water|held on tight) and crossed to the other side.",
    "It grew dark, and {n} was a little afraid. {He} thought of home and (sang|hummed|whistled) a quiet song. After a while the moon came out and showed {him} the way.",
    "A {g} named {f} was crying beside the road. \"What is wrong?\" asked {n}. \"I have lost my (shoe|mother|way|ball|dinner),\" said {f}. {n} helped to look, and together they found it (behind a bush|under a stone|in the tall grass).",
    "At noon {he} was hungry. {n} shared {his} (bread|honey|soup|berries|cheese) with a {g} named {f}. It was not much, but it tasted better because they ate it together.",
    "{n} came to a (small|round|crooked) house and knocked on the door. A {g} opened it and said, \"Come in, it is cold outside.\" They sat by the fire and talked (until late|all evening|about the stars|about old times).",
    "Suddenly there was a loud noise. {n} (jumped up|stood still|turned around) and saw a {g} stuck in the mud. {He} pulled with all {his} strength until the {g} was free. \"Thank you,\" said the {g}. \"I will not forget this.\"",
    "High above the {p} the wind began to blow. It took the {t} and carried it (over the roofs|across the fields|up to the clouds). {n} ran after it as fast as {he} could and caught it at last.",
    "That night {n} had a dream. In the dream a {g} showed {him} a (door|garden|staircase|field) full of light. When {he} woke up, {he} knew what {he} had to do.",
    "A {g} named {f} stood in the way. \"Nobody may pass without (a riddle|a song|a gift|a story),\" said {f}. {n} thought for a moment and then (told|gave|sang) the best one {he} knew. The {g} laughed and stepped aside.",
    "{n} climbed to the top of a hill. From there {he} could see the whole {p}, the (river|sea|road) and the (mountains|fields|roofs) far away. It was so beautiful that {he} sat down and said nothing for a long time.",
    "On the way {he} found a small door in a wall. It was locked, but {n} saw a (key|little handle|thin rope) under a stone. Behind the door there was a room full of (books|clocks|flowers|old toys|music).",
    "{f} the {g} had a plan. \"You hold the rope, and I will climb,\" said {f}. They tried it once, and it did not work. They tried it again, and this time it did.",
    "{n} made a mistake and took the wrong road. It led to a dark place where nothing grew. \"I must go back,\" {he} said, and {he} did, slowly and with care.",
    "The others in the {p} laughed at {n}. \"You are too small,\" they said. But {he} did not give up, and in the end they all (helped|clapped|cheered|came along).",
    "A storm came in the afternoon. {n} and {f} the {g} held each other by the hand and waited in a (cave|barn|hollow tree). When it was over, the world was (clean|quiet|fresh) and new.",
    "{n} learned something that day. {f} the {g} showed {him} how to (bake bread|read the stars|plant a seed|mend a net|listen well). It was hard at first, and then it was easy.",
    "They came to a market where everything was for sale. One could buy (hats|lamps|songs|spoons) and (clouds|shoes|apples|secrets) there. {n} had only one coin, so {he} bought (a loaf of bread|a small bell|a piece of string) and was content.",
    "In the evening they made a small fire. {f} the {g} told a story about (the first bee|a star that fell|a king without a crown|the sea). {n} listened and forgot that {he} was tired.",
    "A little bird sat on the {t} and would not move. \"That is mine,\" said {n} in a friendly voice. \"I only wanted to rest,\" said the bird, and it flew away over the {p}.",
)
DISCOVERIES: tuple[str, ...] = (
    "At last {n} found the {t}. It was (lying|hidden|waiting) (under an old tree|behind the mill|at the bottom of a well|in a nest).",
    "And there it was, the {t}, as bright as the (sun|moon|morning). {n} took it in both hands.",
    "In the end {n} understood that the {t} was not for one, but for all. {He} put it in the middle of the {p}, where everybody could see it.",
    "Then {n} gave the {t} to {f} the {g}, who needed it more. {f} was so happy that {fhe} danced.",
)
ENDINGS: tuple[str, ...] = (
    "{n} went home, tired and (happy|proud|glad). From that day on {he} was never afraid again.",
    "When {he} came home, all the friends were there, and they had (cake|honey|soup|tea) until the stars came out.",
    "That evening {n} sat by the window and smiled. It had been a good day.",
    "And if you go to that {p} today, you may still see {n} there, (singing|smiling|working|resting) in the sun.",
    "{n} told the story to everyone who wanted to hear it. Now you have heard it too.",
    "They were friends from then on, and nobody in the {p} was ever lonely again.",
)
MARKS: tuple[str, ...] = (
    "The next morning the journey went on. ", "A little later something happened. ", "On the next day the sky was clear. ",
    "But that was not the end. ", "After that they went further. ", "Some time passed. ", "The road was still long. ", "",
    "", "", "Then evening came. ",
)
DAYS: tuple[str, ...] = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
DAY_MARK = "On the DAY day {n} (set out|got up|began) (early|with the sun|in good spirits). "
