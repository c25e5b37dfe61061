import { invalidFilter, invalidValue } from '../../errors.js'
import type { ParsedFilter } from '../../filter/ast.js'
import { parseFilter } from '../../filter/parse.js'
import { printFilter } from '../../filter/print.js'
import { type Fits, requireFits, resolveFilter } from '../../filter/resolve.js'
import { type CursorBinding, decodeCursor, encodeCursor } from '../../pagination/cursor.js'
import { type CursorPage, parsePage } from '../../pagination/page.js'
import { parseProjection } from '../../projection/index.js'
import { endpointOf, type Services } from '../../resources/call.js'
import { filterLimits } from '../../resources/options.js'
import { queryResources, type SearchResult, type TypeQuery } from '../../resources/queries/query.js'
import { printPath, resolvePath } from '../../schema/paths.js'
import type { JsonObject, ResourceType } from '../../schema/types.js'
import { resolveSort } from '../../sort/index.js'
import type { PageRequest } from '../../stores/query.js'
import type { ProtocolOptions } from '../context.js'
import { listResponse } from '../list-response.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import { parametersOfSearch, parametersOfUrl, type QueryParameters } from '../query-parameters.js'
import { scopeOf } from '../read-request.js'
import { representAll, type ShownType, viewOf } from '../represent-all.js'
import { decideResourceType } from '../resource-type-filter.js'
import type { Handler } from '../route.js'

/** The services of a router, with the options of the protocol. */
export type QueryServices = Services & { readonly options: ProtocolOptions }

/** GET of a collection, or of the base URL for all resource types (RFC 7644 §3.4.2). */
export function queryHandler(services: QueryServices, types: readonly ResourceType[]): Handler {
  return (request) =>
    answerQuery(services, request, { types, parameters: parametersOfUrl(request.query) })
}

/** POST to `.search` (RFC 7644 §3.4.3); parameters in the URL are ignored. */
export function searchHandler(services: QueryServices, types: readonly ResourceType[]): Handler {
  return async (request) => {
    const parameters = parametersOfSearch(request.body, services.options.deviations)
    return answerQuery(services, request, { types, parameters })
  }
}

interface Question {
  readonly types: readonly ResourceType[]
  readonly parameters: QueryParameters
}

async function answerQuery(
  services: QueryServices,
  request: ScimRequest,
  question: Question,
): Promise<ScimResponse> {
  const { parameters } = question
  const { options } = services
  const scope = scopeOf(request)
  const asked = parsePage(withDefaultPaging(options, parameters), options.limits)
  const parts = partsOf(services, question)
  const binding = () => bindingOf(request, { parameters, parts })
  const { page, total } = requestedPage(services, { binding, asked })
  const isCounted = total !== undefined
  const descending = parameters.sortOrder?.toLowerCase() === 'descending'
  const found = await queryResources(services, scope, {
    parts: isCounted ? parts.map((part) => ({ ...part, withoutTotal: true })) : parts,
    page,
    ...(parameters.sortBy !== undefined && { sorted: { descending } }),
  })
  const result = isCounted ? { ...found, totalResults: total } : found
  const { groups } = result
  const known = groups && { groups }
  const shown = { found: result.found, known, parts, baseUrl: request.baseUrl }
  const { resources, isLong } = await representAll(services, scope, shown)
  return {
    status: 200,
    headers: {},
    body: bodyOf(services, { binding, page, result, resources }),
    isLong,
  }
}

function partsOf(
  services: QueryServices,
  { types, parameters }: Question,
): (TypeQuery & ShownType)[] {
  const { options } = services
  const { filter: text, sortBy, sortOrder } = parameters
  const shown = types.map((type) => ({
    type,
    view: viewOf(type, parseProjection(type, parameters, options.deviations)),
  }))
  const filter = text === undefined ? undefined : readFilter(options, text)
  const sorts = sortsOf(options, types, { sortBy, sortOrder })
  const { deviations } = options
  const fits: Fits = new Map()
  const overSeveral = types.length > 1 && ({ unknown: 'noValue', fits } as const)
  const parts = shown.map(({ type, view }) => {
    const groups = endpointOf(services, type).store.supports?.groups === true
    const resolving = { deviations, groups, ...overSeveral }
    const resolved = filter && decideResourceType(resolveFilter(filter, type, resolving), type)
    const sort = sorts.get(type.name)
    const { omit } = view
    return { type, view, omit, ...(resolved && { filter: resolved }), ...(sort && { sort }) }
  })
  requireFits(fits)
  return parts
}

function readFilter({ features, limits, deviations }: ProtocolOptions, text: string): ParsedFilter {
  if (!features.filter) throw invalidFilter('This service provider does not support filters.')
  return parseFilter(text, { deviations, ...filterLimits(limits) })
}

/** The sort of each type. Types without the attribute count as having no value. */
function sortsOf(
  { features }: ProtocolOptions,
  types: readonly ResourceType[],
  { sortBy, sortOrder }: Pick<QueryParameters, 'sortBy' | 'sortOrder'>,
) {
  if (sortBy === undefined) return new Map<string, never>()
  if (!features.sort) throw invalidValue('This service provider does not support sorting.')
  const knowing = types.filter((type) => resolvePath(type, sortBy))
  const sorted = knowing.length > 0 ? knowing : types
  return new Map(sorted.map((type) => [type.name, resolveSort(type, sortBy, sortOrder)]))
}

function withDefaultPaging(
  { defaultPaging, features }: ProtocolOptions,
  parameters: QueryParameters,
): QueryParameters {
  const { startIndex, cursor } = parameters
  if (cursor !== undefined && !features.cursor) {
    throw invalidValue('This service provider does not support paging by cursor.')
  }
  const isOpen = startIndex === undefined && cursor === undefined
  return isOpen && features.cursor && defaultPaging === 'cursor'
    ? { ...parameters, cursor: '' }
    : parameters
}

interface RequestedPage {
  /** Made only for cursors. */
  readonly binding: () => CursorBinding
  readonly asked: PageRequest | CursorPage
}

function requestedPage(
  { options, clock }: QueryServices,
  { binding, asked }: RequestedPage,
): { readonly page: PageRequest; readonly total?: number } {
  if (asked.kind === 'index') return { page: asked }
  const { limit } = asked
  if (!('cursor' in asked) || asked.cursor === undefined) return { page: { kind: 'cursor', limit } }
  const { position: after, total } = decodeCursor(asked.cursor, options.cursorSecret, {
    binding: binding(),
    limit,
    now: clock().getTime(),
    maxAgeSeconds: options.cursorTimeoutSeconds,
  })
  return { page: { kind: 'cursor', after, limit }, total }
}

interface PageResult {
  readonly binding: () => CursorBinding
  readonly page: PageRequest
  readonly result: SearchResult
  readonly resources: readonly JsonObject[]
}

function bodyOf(
  { options, clock }: QueryServices,
  { binding, page, result, resources }: PageResult,
): JsonObject {
  const { totalResults, next } = result
  if (page.kind === 'index') {
    return listResponse({ resources, totalResults, startIndex: page.offset + 1 })
  }
  if (!next) return listResponse({ resources, totalResults })
  const nextCursor = encodeCursor(
    {
      binding: binding(),
      position: next,
      limit: page.limit,
      total: totalResults,
      issuedAt: clock().getTime(),
    },
    options.cursorSecret,
  )
  return listResponse({ resources, totalResults, nextCursor })
}

/**
 * The query in canonical form, so that each page may spell it differently, as in RFC 9865's own
 * example.
 */
function bindingOf(
  { principal }: ScimRequest,
  { parameters, parts }: Pick<Question, 'parameters'> & { parts: readonly TypeQuery[] },
): CursorBinding {
  const { sortOrder, attributes, excludedAttributes } = parameters
  return {
    tenant: principal.tenant,
    principal: principal.name,
    resourceType: parts.map(({ type }) => type.name).join(' '),
    filter: JSON.stringify(parts.map(({ filter }) => (filter ? printFilter(filter) : null))),
    sortBy: JSON.stringify(parts.map(({ sort }) => (sort ? printPath(sort.path) : null))),
    sortOrder: sortOrder?.toLowerCase() === 'descending' ? 'descending' : 'ascending',
    attributes: attributes?.toString().toLowerCase(),
    excludedAttributes: excludedAttributes?.toString().toLowerCase(),
  }
}
