/**
 * What makes the page comfortable: sorting, filtering, the theme. Without it all content is there, unsorted. It holds no data
 * and makes no markup out of text: rows that the page already has are moved and hidden.
 */
export const script = `
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('live');
  const all = (selector, within) => [...(within || document).querySelectorAll(selector)];

  const stored = () => { try { return localStorage.getItem('assay-theme'); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem('assay-theme', theme); } catch { /* from a file there may be none */ } };
  const themes = ['auto', 'light', 'dark'];
  const button = document.getElementById('theme');
  const show = (theme) => {
    if (theme === 'auto') delete root.dataset.theme; else root.dataset.theme = theme;
    if (button) button.textContent = 'Theme: ' + theme;
  };
  let theme = themes.includes(stored()) ? stored() : 'auto';
  show(theme);
  if (button) {
    button.hidden = false;
    button.addEventListener('click', () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      keep(theme);
      show(theme);
    });
  }

  const collator = new Intl.Collator('en', { numeric: true });
  const keyOf = (row, column, kind) => {
    const cell = row.cells[column];
    const text = cell ? (cell.dataset.value ?? cell.textContent.trim()) : '';
    if (kind !== 'number') return text;
    const number = Number.parseFloat(text.replace(/,/g, ''));
    return Number.isNaN(number) ? -Infinity : number;
  };
  const compare = (a, b) => typeof a === 'number' ? a - b : collator.compare(a, b);
  for (const table of all('table.sortable')) {
    const heads = all('thead th', table);
    const body = table.tBodies[0];
    if (!body || body.rows.length < 2) continue;
    heads.forEach((head, column) => {
      const kind = head.dataset.sort;
      if (kind === 'plain' || head.textContent.trim() === '') return;
      const control = document.createElement('button');
      control.type = 'button';
      control.append(...head.childNodes);
      head.append(control);
      control.addEventListener('click', () => {
        const first = kind === 'number' ? 'descending' : 'ascending';
        const other = first === 'ascending' ? 'descending' : 'ascending';
        const order = head.getAttribute('aria-sort') === first ? other : first;
        for (const each of heads) each.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', order);
        const sign = order === 'ascending' ? 1 : -1;
        const rows = [...body.rows].map((row) => ({ row, key: keyOf(row, column, kind) }));
        rows.sort((a, b) => sign * compare(a.key, b.key));
        body.append(...rows.map(({ row }) => row));
      });
    });
  }

  for (const table of all('table.brief')) {
    const more = document.createElement('button');
    more.type = 'button';
    more.className = 'show-all';
    more.textContent = 'Show all ' + table.tBodies[0].rows.length;
    more.addEventListener('click', () => { table.classList.remove('brief'); more.remove(); });
    table.parentElement.after(more);
  }

  for (const list of all('[data-cells]')) {
    const tools = document.getElementById(list.dataset.cells);
    if (!tools) continue;
    const cells = all('details.cell', list);
    const sort = tools.querySelector('[name=sort]');
    const group = tools.querySelector('[name=group]');
    const search = tools.querySelector('[name=search]');
    const status = tools.querySelector('.status');
    const toggle = tools.querySelector('[name=toggle]');
    const texts = new Map();
    const textOf = (cell) => {
      let text = texts.get(cell);
      if (text === undefined) texts.set(cell, (text = cell.textContent.toLowerCase()));
      return text;
    };
    const orders = {
      worst: (a, b) => Number(a.dataset.order) - Number(b.dataset.order),
      item: (a, b) => collator.compare(a.dataset.item, b.dataset.item) || orders.worst(a, b),
      slow: (a, b) => Number(b.dataset.latency) - Number(a.dataset.latency) || orders.worst(a, b),
      group: (a, b) => Number(a.dataset.group) - Number(b.dataset.group) || orders.worst(a, b),
    };
    const filter = () => {
      const wanted = search ? search.value.trim().toLowerCase() : '';
      const place = group ? group.value : '';
      let n = 0;
      for (const cell of cells) {
        const fits = (place === '' || cell.dataset.group === place) && (wanted === '' || textOf(cell).includes(wanted));
        cell.hidden = !fits;
        if (fits) n += 1;
      }
      if (status) status.textContent = n + ' of ' + cells.length + ' shown';
    };
    if (sort) sort.addEventListener('change', () => list.append(...[...cells].sort(orders[sort.value] || orders.worst)));
    if (group) group.addEventListener('change', filter);
    if (search) search.addEventListener('input', filter);
    if (toggle) toggle.addEventListener('click', () => {
      const open = toggle.getAttribute('aria-pressed') !== 'true';
      toggle.setAttribute('aria-pressed', String(open));
      toggle.textContent = open ? 'Close all' : 'Open all';
      for (const cell of cells) cell.open = open && !cell.hidden;
    });
    for (const jump of all('[data-group-link]')) jump.addEventListener('click', () => {
      if (!group) return;
      group.value = jump.dataset.groupLink;
      filter();
    });
    filter();
  }

  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id === '' ? null : document.getElementById(id);
    if (!target || !target.matches('details')) return;
    target.hidden = false;
    target.open = true;
    target.scrollIntoView({ block: 'start' });
  };
  addEventListener('hashchange', openTarget);
  openTarget();

  if ('IntersectionObserver' in window) {
    const links = new Map(all('nav a[href^="#"]').map((a) => [a.getAttribute('href').slice(1), a]));
    const seen = new Set();
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target.id); else seen.delete(target.id);
      }
      const current = [...links.keys()].find((id) => seen.has(id));
      for (const [id, a] of links) {
        if (id === current) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
      }
    }, { rootMargin: '0px 0px -55% 0px' });
    for (const id of links.keys()) {
      const target = document.getElementById(id);
      if (target) watch.observe(target);
    }
  }
})();
`;
