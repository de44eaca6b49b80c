import type { Route } from './exchange.js';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Finds the route of a path: one without parameters before one with. Two plugins may share a path. */
export class Router {
  readonly #patterns: readonly Pattern[];

  constructor(routes: readonly Route[]) {
    const byPath = new Map<string, Route>();
    for (const route of routes) {
      const methods = { ...byPath.get(route.path)?.methods, ...route.methods };
      byPath.set(route.path, { ...route, methods });
    }
    const patterns = [...byPath.values()].map((route) => ({
      route,
      segments: route.path.split('/'),
    }));
    const variables = ({ segments }: Pattern) => segments.filter(isVariable).length;
    this.#patterns = patterns.sort((a, b) => variables(a) - variables(b));
  }

  match(path: string): Match | undefined {
    const given = path.split('/');
    for (const { route, segments } of this.#patterns) {
      const params = matchSegments(segments, given);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

/**
 * The path as the plugins know it. The client calls the same endpoint as `/runs`, `/api/v1/runs` and, for the platform's own,
 * `/v1/platform/…`, depending on the URL that it was given.
 */
export function canonicalPath(pathname: string): string {
  const path = pathname.replace(/^\/api(?=\/)/, '').replace(/^\/v1(?=\/)/, '');
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

const isVariable = (segment: string) => segment.startsWith('{');

function matchSegments(
  segments: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (segments.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = given[index] ?? '';
    if (!isVariable(segment)) {
      if (segment !== value) return undefined;
      continue;
    }
    if (value === '') return undefined;
    try {
      params[segment.slice(1, -1)] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return params;
}
