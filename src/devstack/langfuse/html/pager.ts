import { escapeHtml } from './page.js';

/** Which part of a long list is shown. */
export interface PageOf {
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  /** How many rows stand before this page. */
  readonly offset: number;
}

/** The page that a query asks for; the nearest there is where it asks for none of them. */
export function pageOf(
  query: URLSearchParams,
  { total, perPage }: { readonly total: number; readonly perPage: number },
): PageOf {
  const pages = Math.max(1, Math.ceil(total / perPage));
  const asked = query.get('page') ?? '1';
  const page = /^\d{1,9}$/.test(asked) ? Math.min(Math.max(Number(asked), 1), pages) : 1;
  return { page, pages, total, offset: (page - 1) * perPage };
}

/** Links to the pages before and after; nothing where all is on one. */
export function pagerHtml({ page, pages }: PageOf, label: string): string {
  if (pages === 1) return '';
  const to = (number: number, text: string): string =>
    number < 1 || number > pages
      ? `<span class="muted">${text}</span>`
      : `<a href="?page=${number}">${text}</a>`;
  return `<nav aria-label="${escapeHtml(label)}"><p>${to(page - 1, 'Previous')} · page ${page} of ${pages} · ${to(page + 1, 'Next')}</p></nav>`;
}
