"""What a script does, whatever its texts say."""

import ast


def statements(code: str) -> str:
    """The syntax tree in words, every string in it empty. Raises SyntaxError."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)
