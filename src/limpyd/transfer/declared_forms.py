"""The fields of a model that are exported, and those of a file that are imported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import ValueField, VersionField
from limpyd.query.filters.model import unknown_field
from limpyd.schema.schema import Schema
from limpyd.transfer.field_forms import FieldForm, form_of
from limpyd.transfer.restored_forms import RestoredForm, restored_form
from limpyd.transfer.version_forms import VersionsForm
from limpyd.utils.suggestions import did_you_mean


def names_of(schema: Schema, exclude: Collection[str]) -> frozenset[str]:
    """The names of fields that are left out.

    Raises:
        InvalidValue: they are one text.
        UnknownField: there is no such field.
    """
    if isinstance(exclude, str | bytes):
        msg = f"exclude takes names of fields, such as ({exclude!r},), not {exclude!r}"
        raise InvalidValue(msg)
    for name in exclude:
        if name not in schema.value_fields and name not in schema.dynamic:
            raise unknown_field(schema, name)
    return frozenset(exclude)


def exported_forms(schema: Schema, exclude: Collection[str]) -> list[FieldForm]:
    """The forms of the fields that an export has: all but the version, and those that are left out.

    Raises:
        UnknownField: `exclude` names no field.
    """
    left_out = names_of(schema, exclude)
    fields = [field for name, field in schema.value_fields.items() if name not in left_out]
    dynamic = [VersionsForm(field) for name, field in schema.dynamic.items() if name not in left_out]
    forms = [_form(field) for field in fields if not isinstance(field, VersionField)]
    return sorted(forms, key=lambda form: isinstance(form, RestoredForm)) + dynamic


def imported_forms(schema: Schema, types: Mapping[str, str | None], exclude: Collection[str]) -> list[FieldForm | None]:
    """The forms of the fields of a file, in its order; None for those that are left out.

    Args:
        schema: the model.
        types: the fields of the file, and what each holds, if the file says it.
        exclude: the names of those that are left out.

    Raises:
        InvalidValue: the model does not have one, or declares another type for it.
    """
    return [
        None if name in exclude else _imported(schema, name, exported_type) for name, exported_type in types.items()
    ]


def _imported(schema: Schema, name: str, exported_type: str | None) -> FieldForm:
    if name in schema.dynamic:
        return _checked(VersionsForm(schema.dynamic[name]), exported_type)
    field: Any = schema.fields.get(name)
    if not isinstance(field, ValueField) or isinstance(field, VersionField):
        known = [each for each, other in schema.value_fields.items() if not isinstance(other, VersionField)]
        known += schema.dynamic
        msg = (
            f"the file has values of {shorten(name)}, and {schema.name} has no such field to import; it has "
            f"{', '.join(known)}{did_you_mean(name, known)}. Leave it out with exclude=[{name!r}], or declare it"
        )
        raise InvalidValue(msg)
    return _checked(_form(field), exported_type)


def _form(field: Any) -> FieldForm:
    return restored_form(field) or form_of(field)


def _checked(form: FieldForm, exported_type: str | None) -> FieldForm:
    if exported_type is not None and exported_type != form.type:
        msg = (
            f"in the file, {form.name} is {shorten(exported_type)}, but {form.field} is {form.type}. Declare the type "
            f"of the file, or leave out the field with exclude=[{form.name!r}]; if all its values fit, change the "
            f"first line of the file"
        )
        raise InvalidValue(msg)
    return form
