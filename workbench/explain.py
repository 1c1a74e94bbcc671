"""What each panel shows and how to read it, in a sentence or two: for someone who has read the chapter.

A panel is named by its screen, or the place of its dialog, and its id.
"""

EXPLANATIONS = {
    "data.source": "The file that texts and labels come from, how it was read, and what was left out.",
    "data.classes": "How many rows each class has in the file, and how many are used. A model that always says the "
    "largest class is right as often as that class's share, so a useful model must do better.",
    "data.splits": "How many texts the model learns from (training), which are used to compare settings (validation), "
    "and which are kept for the one final test. The three never share a row. Rows that are balanced, or learned from "
    "with two columns exchanged, stand in training more than once.",
    "data.lengths": "How long the texts of each class are, in tokens, the pieces that the model reads. What lies "
    "beyond the limit is cut off. If one class is much longer, length alone may give the answer away. ← and → try "
    "other contexts. 90 % ≤ 54: of 100 texts 90 have at most 54 tokens, so that a context of 64 cuts few of them.",
    "data.notes": "What may make the results better or worse than they should be: duplicates, labels that look alike, "
    "and leaks. A leak is a test text that is also in training: the model may simply remember it. Of texts made of "
    "two columns with [SEP] between, it says whether the model reads them as a pair.",
    "data.rows": "Every row of the file with its label, its length and its text. Muted rows are not used. Filters, "
    "sorting and search choose which rows are listed; what is chosen stands in the rule above, with the number of rows "
    "that are left. i shows a row with all of its columns.",
    "data.tokens": "One row as the model sees it: cut into tokens, each with a number. Rare words take several tokens, "
    "and other scripts take more. What is struck through is beyond the context: the model does not read it.",
    "doubts.doubted": "Rows whose label looks wrong. The rows are cut into five parts; a model that counts words "
    "learns from four of them and judges the fifth, so that no row, and no copy of one, vouches for itself. Rather is "
    "the class that is more probable, compared with how sure the model usually is of each class, so that a rare class "
    "is not doubted as a whole. Hard texts are doubted too: read before you mend.",
    "doubts.text": "The whole text of the row that the cursor is on, and what the model makes of it.",
    "model.backbone": "The pretrained model that everything starts from. A larger one often does better, and always "
    "costs more time and memory.",
    "model.layers": "The parts of the model, the input at the bottom. ■ learns, · is frozen and stays as pretrained, "
    "▚ has LoRA: two small matrices that learn beside a frozen weight. The time says what it costs to train from "
    "that part up.",
    "model.code": "The same choice of layers as lines of PyTorch, with the names of the book.",
    "model.block": "What one block of the model does, its input at the bottom, bright where GPT-2 does otherwise. ⊕ "
    "adds what a half makes to what comes from below; its norm stands before it, or after. At the right, each row is "
    "a token, filled under those that it sees.",
    "model.price": "What a run will cost: how many weights learn, how much memory it needs, how long it takes. Frozen "
    "blocks at the bottom always give the same output, so it is computed once and kept: the prefix cache.",
    "model.recipe": "All other settings of the next run. auto stands for what suits the model and the data. The "
    "readout is the token whose hidden state the classifier looks at: the last one has seen the whole text.",
    "train.run": "Where the run is, or how it ended. The test accuracy stands with its 95 % interval: with so few test "
    "texts the true accuracy may lie anywhere in it. Compare it with the baselines, and with the accuracy without "
    "texts that were also in training (leaks).",
    "train.loss": "How wrong the model's probabilities are; 0 is perfect. The line is training, ◆ is validation. If "
    "training falls while validation rises, the model is learning the training texts by heart (overfitting).",
    "train.accuracy": "The share of texts that get the right label. The line is training, ◆ is validation, and the "
    "dashed line is the word-count baseline, which a useful run ends above.",
    "train.weights": "How far each part has moved from where it started: the length of the change divided by the "
    "length of the weights. The head starts at random and moves most; frozen parts do not move at all.",
    "train.now": "The latest loss, accuracy, speed, learning rates and memory. The learning rate scales each step: too "
    "high and the loss jumps or becomes NaN, too low and it hardly falls.",
    "train.per-class": "The test result for each class. Precision: how many texts that got this label have it. "
    "Recall: how many texts of this class were found. F1 joins both; macro F1 is its mean over classes, so that "
    "small classes count as much as large ones.",
    "train.steps": "The texts of the latest step, with the answer before it and the loss of each. The highest losses "
    "moved the weights most.",
    "train.sentences": "Your kept texts, and what the model says of each as it learns. They are not trained on.",
    "train.log": "What happened in the run, the latest first: evaluations, checkpoints, and what it was told.",
    "errors.mistakes": "The test texts that got the wrong label, the most confident first. The first ones often have a "
    "wrong label in the file, or belong to two classes.",
    "errors.text": "The whole text of the row that the cursor is on, with its label and the answer.",
    "detail.text": "The whole text of the row that the cursor is on, with its label and the answer.",
    "detail.worker-log": "What the process that trains wrote itself: warnings of libraries, and where it failed.",
    "play.text": "The text that the classifier reads. The answer follows while you type. Where it learned from pairs, "
    "[SEP] stands between the two parts.",
    "play.verdict": "The answer, with the probability of each class. A model is often too sure: how often it was right "
    "on the test set when it was this sure tells more than the percentage.",
    "play.beginnings": "The token curve: what the answer would be if the text ended after each token. Each token sees "
    "only what stands before it, so this shows which word changed the answer.",
    "play.kept": "The texts you keep, with the answer at each checkpoint. The next run tracks them while it trains.",
    "runs.runs": "All runs with their test accuracy and its 95 % interval. Two runs whose intervals overlap widely may "
    "not differ at all: mark one as baseline with * and compare them text by text.",
    "runs.curves": "Validation accuracy of the run under the cursor, and of those laid over it with space.",
    "runs.recipe": "The settings of this run, or where they differ from the baseline's. p is McNemar's test: how "
    "often chance alone would make such a difference if both runs were equally good. Below 0.05 it counts as shown.",
    "runs.settings": "What the runs of a group vary, with the test accuracy over all runs of each setting. ± is how "
    "much the runs differ: what another seed changes. The line is the 95 % interval: what other test texts would "
    "change. ★ is best on validation.",
    "runs.answer": "What the group says, each comparison with its uncertainty. A difference is shown only where it "
    "holds for other texts and for other seeds.",
    "runs.picture": "Test accuracy over what grows from setting to setting, each with its 95 % interval, and the time "
    "of a run on the axis at the right.",
    "freeze_dialog": "Which parts learn from the next step on. Parts below the lowest one that learns can be read "
    "from the prefix cache; training one of those first computes its input again.",
    "recipes": "Recipes by name, as in the book, with the test accuracy the book has for each.",
    "models_dialog": "All models by family, with size, languages and licence, and whether their weights are here.",
    "trust_dialog": "A run is resumed from files. This one was made elsewhere, so you are asked first.",
    "confirm_dialog": "What is asked here is done to many runs at once.",
    "vary_dialog": "An option takes several values, and each setting is run with several seeds, which tell how much is "
    "chance. Of several options that vary, every combination is run.",
    "questions": "What one run cannot answer. Each question varies one thing, over several runs, and ends in a table, "
    "a picture and a sentence with its uncertainty.",
    "filter_dialog": "A row is listed where it passes all of these. A regular expression describes texts by a pattern: "
    "\\d+ is a number, free|win one of two words, ^re: a text that begins so.",
    "row_dialog": "All that the file says of this row. The model reads the text alone.",
    "run_dialog": "The runs and checkpoints that can classify your text.",
    "command_dialog": "What you would type in a shell to train with the same recipe.",
    "ask_dialog": "The pretrained model continues a text, token by token, before it is made a classifier.",
}


def explanation(place: str, panel: str) -> str:
    """The sentences for a panel of a screen or dialog; empty where there are none."""
    return EXPLANATIONS.get(f"{place}.{panel}") or EXPLANATIONS.get(place, "")
