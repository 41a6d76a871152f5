"""What people see: the shell, base pages, components and charts.

Answers: how does a page of this portal look, and how is it written? It knows no table and no area; it reads
what
the areas declare and draws what a selector hands over. `/gallery/` shows every component in every state.

    pages/       Page, ListPage, FormPage, ConfirmPage, ActionView: what an area's views extend
    parts.py     the frozen dataclasses that components take
    charts/      data in, SVG out
    figures.py  the only way a number, a day or an amount of money becomes text
    status.py    the one scale of statuses: word, shape and tint
"""
