"""The same rules as SQL for many patients: text only, for DuckDB or Spark; nothing here runs it."""

from __future__ import annotations

from smartapp.criteria.sql.classes import Class, Classifier, Known, code_questions
from smartapp.criteria.sql.dialect import DUCKDB, SPARK, Dialect
from smartapp.criteria.sql.program import Column, PopulationProgram, Question, Script, compile_population

__all__ = [
    "DUCKDB",
    "SPARK",
    "Class",
    "Classifier",
    "Column",
    "Dialect",
    "Known",
    "PopulationProgram",
    "Question",
    "Script",
    "code_questions",
    "compile_population",
]
