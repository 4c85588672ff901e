"""The names in a Lua source: those that it declares, and those that it takes from around it."""

from __future__ import annotations

from dataclasses import dataclass, field

import tree_sitter_lua
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_lua.language()))


@dataclass
class Local:
    """A local variable: its line, and whether it is used."""

    line: int
    used: bool = False


@dataclass
class Names:
    """The names in a Lua file.

    Attributes:
        free: those that it uses and does not declare, each with its first line.
        top: its local variables outside of functions.
        put: what it puts into tables of others, as `table.name`.
    """

    free: dict[str, int] = field(default_factory=dict)
    top: dict[str, Local] = field(default_factory=dict)
    put: set[str] = field(default_factory=set)


def names_in(source: str) -> Names:
    """The names in a Lua source.

    Raises:
        SyntaxError: it cannot be parsed.
    """
    root = PARSER.parse(source.encode()).root_node
    if root.has_error:
        raise SyntaxError(source)
    return _Resolver(root).names


class _Resolver:
    """Finds out which names a chunk uses and which it declares, by the scopes of Lua."""

    def __init__(self, root: Node) -> None:
        self.names = Names()
        self._scopes: list[dict[str, Local]] = [self.names.top]
        self._children(root)

    def _children(self, node: Node) -> None:
        for child in node.named_children:
            self._visit(child)

    def _visit(self, node: Node | None) -> None:
        if node is None or node.type == "comment":
            return
        act = getattr(self, f"_{node.type}", None)
        if act is not None:
            act(node)
        else:
            self._children(node)

    def _declare(self, node: Node) -> None:
        self._scopes[-1][_text(node)] = Local(node.start_point[0] + 1)

    def _identifier(self, node: Node) -> None:
        name = _text(node)
        for scope in reversed(self._scopes):
            if name in scope:
                scope[name].used = True
                return
        self.names.free.setdefault(name, node.start_point[0] + 1)

    def _block(self, node: Node) -> None:
        self._scopes.append({})
        self._children(node)
        self._scopes.pop()

    def _dot_index_expression(self, node: Node) -> None:
        self._visit(node.child_by_field_name("table"))

    _method_index_expression = _dot_index_expression

    def _field(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None and node.children[0].type == "[":
            self._visit(name)
        self._visit(node.child_by_field_name("value"))

    def _variable_declaration(self, node: Node) -> None:
        (inner,) = node.named_children
        for each in inner.named_children if inner.type == "assignment_statement" else []:
            if each.type == "expression_list":
                self._visit(each)
        variables = inner if inner.type == "variable_list" else inner.named_children[0]
        for name in variables.named_children:
            self._declare(name)

    def _function_declaration(self, node: Node) -> None:
        name = _child(node, "name")
        if node.children[0].type == "local":
            self._declare(name)
        else:
            self._visit(name)
            if name.type == "dot_index_expression" and len(self._scopes) == 1:
                self.names.put.add(_text(name))
        self._function_definition(node)

    def _function_definition(self, node: Node) -> None:
        self._scopes.append({})
        for name in _child(node, "parameters").named_children:
            if name.type == "identifier":
                self._declare(name)
        self._visit(node.child_by_field_name("body"))
        self._scopes.pop()

    def _for_statement(self, node: Node) -> None:
        clause = _child(node, "clause")
        if clause.type == "for_numeric_clause":
            variables = [_child(clause, "name")]
            for part in ("start", "end", "step"):
                self._visit(clause.child_by_field_name(part))
        else:
            variables = clause.named_children[0].named_children
            self._visit(clause.named_children[1])
        self._scopes.append({})
        for name in variables:
            self._declare(name)
        self._visit(node.child_by_field_name("body"))
        self._scopes.pop()

    def _repeat_statement(self, node: Node) -> None:
        self._scopes.append({})
        body = node.child_by_field_name("body")
        if body is not None:
            self._children(body)
        self._visit(node.child_by_field_name("condition"))
        self._scopes.pop()


def _child(node: Node, name: str) -> Node:
    child = node.child_by_field_name(name)
    if child is None:
        raise SyntaxError(_text(node))
    return child


def _text(node: Node) -> str:
    return (node.text or b"").decode()
