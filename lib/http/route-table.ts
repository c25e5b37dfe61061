import { notFound, ScimError } from '../errors.js'
import type { PathParameters, ScimRoute } from '../protocol/routes.js'

/** The route of a request, and the parameters in its path. */
export interface RouteMatch {
  readonly route: ScimRoute
  readonly parameters: PathParameters
}

/** The routes of a path. */
export interface PathMatch {
  /** Value of the `Allow` header. */
  readonly allow: string
  /** The route for a method (HEAD counts as GET), or `undefined`. */
  route(method: string): ScimRoute | undefined
  /** Like `route`, with the values of the path parameters. @throws ScimError 405 with `Allow` */
  find(method: string): RouteMatch
}

interface Path {
  readonly pattern: readonly string[]
  /** Names of its parameters, by position. */
  readonly parameters: ReadonlyMap<number, string>
  readonly routes: ReadonlyMap<string, ScimRoute>
  readonly allow: string
  /** Describes the service provider, not resources. */
  readonly describes: boolean
}

/** Finds routes by path, then by method. */
export interface RouteTable {
  /**
   * @param segments decoded path segments
   * @throws ScimError 404 when no route has this path
   */
  match(segments: readonly string[]): PathMatch
}

/** Makes a table of routes. Only the first pattern that matches a path answers it. */
export function routeTable(routes: readonly ScimRoute[], ignoreCase: boolean): RouteTable {
  const paths = collectPaths(routes)
  const endpoints = paths.flatMap(({ pattern: [first] }) => first ?? [])
  return {
    match(segments) {
      // No resource has an id with NUL, and PostgreSQL refuses to look for one.
      const hasNul = segments.some((segment) => segment.includes('\0'))
      const path = paths.find(({ pattern }) => !hasNul && fits(pattern, segments, ignoreCase))
      if (path === undefined || isDoubled(path, segments, endpoints)) {
        throw notFound(`There is no such endpoint. ${hintFor(segments, endpoints)}`)
      }
      return {
        allow: path.allow,
        route: (method) => routeOf(path, method),
        find: (method) => findRoute(path, segments, method),
      }
    },
  }
}

/** `/Users/Users`: no resource has such an id, so the client's base URL must end with `/Users`. */
function isDoubled(
  { pattern, describes }: Path,
  segments: readonly string[],
  endpoints: readonly string[],
) {
  if (describes) return false
  return pattern.some(
    (name, index) => isParameter(name) && endpoints.includes(segments[index] ?? ''),
  )
}

/** A hint about the base URL, which is the usual mistake. */
function hintFor(segments: readonly string[], endpoints: readonly string[]): string {
  const [first = ''] = segments
  const written = endpoints.find((name) => name.toLowerCase() === first.toLowerCase())
  if (written !== undefined && written !== first) return `It is written "/${written}".`
  const hasEndpoint = segments.length > 1 && segments.some((segment) => endpoints.includes(segment))
  return hasEndpoint
    ? 'The base URL in the client must end before "/Users" and "/Groups", which it appends itself.'
    : 'Check the base URL in the client: it appends "/Users", "/Groups" and the like to it.'
}

function collectPaths(routes: readonly ScimRoute[]): Path[] {
  const byPattern = new Map<string, ScimRoute[]>()
  for (const route of routes) {
    const key = route.pattern.map((segment) => (isParameter(segment) ? ':' : segment)).join('/')
    byPattern.set(key, [...(byPattern.get(key) ?? []), route])
  }
  return [...byPattern.values()].map((same) => ({
    pattern: same[0]?.pattern ?? [],
    parameters: parametersIn(same[0]?.pattern ?? []),
    routes: new Map(same.map((route) => [route.method, route])),
    allow: allowedMethods(same).join(', '),
    describes: same.some(({ discovery }) => discovery === true),
  }))
}

function allowedMethods(routes: readonly ScimRoute[]): string[] {
  const methods = routes.map(({ method }) => String(method))
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
}

function fits(
  pattern: readonly string[],
  segments: readonly string[],
  ignoreCase: boolean,
): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((expected, index) => {
    const segment = segments[index] ?? ''
    if (isParameter(expected)) return segment !== ''
    return segment === expected || (ignoreCase && segment.toLowerCase() === expected.toLowerCase())
  })
}

function routeOf({ routes }: Path, method: string): ScimRoute | undefined {
  return routes.get(method === 'HEAD' ? 'GET' : method)
}

function findRoute(path: Path, segments: readonly string[], method: string): RouteMatch {
  const route = routeOf(path, method)
  if (route === undefined) {
    throw new ScimError(405, `This endpoint does not support ${method}.`, {
      headers: { Allow: path.allow },
    })
  }
  const parameters: Record<string, string> = {}
  for (const [index, name] of path.parameters) parameters[name] = segments[index] ?? ''
  return { route, parameters }
}

function parametersIn(pattern: readonly string[]): ReadonlyMap<number, string> {
  const entries = pattern.map((name, index) => [index, name.slice(1)] as const)
  return new Map(entries.filter(([index]) => isParameter(pattern[index] ?? '')))
}

function isParameter(segment: string): boolean {
  return segment.startsWith(':')
}
