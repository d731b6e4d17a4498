// A table with bars that can be sorted. Tab stops at one of its rows; the arrow keys go to others.

class SortableTable {
  // options: id, rows, key(row), chosen(row), choose(row), bars (names of columns), sort {by,
  // down}, shown (at most so many rows, and the chosen ones; all), foot (rows of texts by the names
  // of columns), columns: [{name, title, unit, tip, words (set to the left), text(value, row),
  // cell(row), order(row), tipOf(row)}].
  constructor(options) {
    Object.assign(this, options);
    this.sort = {...options.sort};
    this.filter = null;  // null: all rows match
    this.order = null;   // those that match, sorted; null: to be sorted anew
    this.stop = null;    // the key of the row that Tab reaches
    this.most = Object.fromEntries(
        this.bars.map((bar) => [bar, largest(this.rows.map((r) => Math.abs(r[bar]) || 0), 1e-12)]));
    this.body = element("tbody", {
      onkeydown: (event) => this.keyDown(event),
      onfocusin: (event) => this.stopAt(event.target.closest("tr"))
    });
    this.heads = this.columns.map((column) => this.headOf(column));
    this.node = element(
        "div", {class: "scroll", id: this.id},
        element(
            "table", {}, element("thead", {}, element("tr", {}, ...this.heads)), this.body,
            element("tfoot", {}, ...(this.foot || []).map((cells) => this.footOf(cells)))));
    this.draw();
  }

  headOf({name, title, unit, tip, words}) {
    return element(
        "th", {"data-tip": tip, class: words && "words"},
        element(
            "button", {"data-column": name, onclick: () => this.sortBy(name)},
            element("span", {}, title)),
        unit ? element("small", {}, unit) : null);
  }
  footOf(cells) {
    return element("tr", {}, ...this.columns.map(({name}) => element("td", {}, cells[name] ?? "")));
  }
  sortBy(name) {
    this.sort.down = this.sort.by === name ? !this.sort.down : this.bars.includes(name);
    this.sort.by = name;
    this.order = null;
    this.draw();
  }

  // Leaves only the rows that `filter` is true of; null: all.
  narrow(filter) {
    this.filter = filter;
    this.order = null;
    this.draw();
  }
  matching() { return this.filter ? this.rows.filter(this.filter) : this.rows; }

  // The chosen rows that would not be among those that are shown come first.
  visibleRows() {
    this.order ??= this.sorted();
    const rows = this.order;
    if (!this.shown || rows.length <= this.shown) return rows;
    return [
      ...rows.slice(this.shown).filter((row) => this.chosen(row)), ...rows.slice(0, this.shown)
    ];
  }
  sorted() {
    const {by, down} = this.sort;
    const column = this.columns.find((c) => c.name === by);
    const value = column.order || ((row) => row[by]);
    return [...this.matching()].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const least = typeof x === "string" || typeof y === "string" ?
          String(x).localeCompare(String(y)) :
          x - y;
      return down ? -least : least;
    });
  }
  cellOf(row, {name, text, cell, words, tipOf}) {
    if (cell) return element("td", {"data-column": name, class: words && "words"}, cell(row));
    const share = 100 * Math.abs(row[name]) / this.most[name];
    const bar =
        this.bars.includes(name) ? {class: "bar", style: `--share:${share.toFixed(1)}%`} : {};
    return element("td", {...bar, "data-tip": tipOf && tipOf(row)}, text(row[name], row));
  }
  rowOf(row) {
    const key = this.key(row);
    return element(
        "tr", {
          tabindex: key === this.stop ? 0 : -1,
          "data-key": key,
          class: this.chosen(row) ? "chosen" : "",
          onclick: () => this.choose(row)
        },
        ...this.columns.map((column) => this.cellOf(row, column)));
  }
  // What has the focus keeps it.
  draw() {
    const focused = this.body.contains(document.activeElement);
    const rows = this.visibleRows();
    if (rows.length > 0 && !rows.some((row) => this.key(row) === this.stop))
      this.stop = this.key(rows.find((row) => this.chosen(row)) || rows[0]);
    this.body.replaceChildren(...rows.map((row) => this.rowOf(row)));
    if (focused) this.body.querySelector("[tabindex='0']")?.focus({preventScroll: true});
    this.heads.forEach((head, i) => {
      const {by, down} = this.sort;
      const chosen = by === this.columns[i].name;
      head.setAttribute("aria-sort", chosen ? (down ? "descending" : "ascending") : "none");
    });
  }

  stopAt(row) {
    for (const other of this.body.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    row.tabIndex = 0;
    this.stop = row.dataset.key;
  }
  keyDown(event) {
    const row = event.target.closest("tr");
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(this.rows.find((r) => this.key(r) === row.dataset.key));
      return;
    }
    const next = {
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: this.body.firstElementChild,
      End: this.body.lastElementChild
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next) next.focus();
  }
}
