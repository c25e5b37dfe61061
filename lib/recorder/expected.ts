import type { Json, JsonObject } from '../schema/types.js'
import { anonymizeBody } from './anonymize.js'
import type { RecordedExchange, Recording } from './recorder.js'
import type { Expected } from './transcript.js'

const discovery = /^\/(ServiceProviderConfig|ResourceTypes|Schemas)(\/|\?|$)/

/**
 * The part of an answer that a replay must reproduce: everything except times, versions and the
 * text of errors.
 */
export function expectedOf(
  recording: Recording,
  { status, answer, url }: RecordedExchange,
  { isCreated }: { readonly isCreated: boolean },
): Expected {
  if (answer === undefined || discovery.test(url)) return { status }
  if (status >= 400) return { status, body: errorPart(answer) }
  if (Array.isArray(answer['Resources'])) return listAnswer(recording, answer, { status, url })
  const body = resourcePart(recording, answer)
  return { status, body: isCreated ? { ...body, id: { $type: 'string' } } : body }
}

function errorPart({ schemas, status, scimType }: JsonObject): JsonObject {
  return {
    ...(schemas !== undefined && { schemas }),
    ...(status !== undefined && { status }),
    ...(scimType !== undefined && { scimType }),
  }
}

interface AnsweredList {
  readonly status: number
  readonly url: string
}

/** Replaced values have a different order, and no substrings in common. */
function listAnswer(
  recording: Recording,
  list: JsonObject,
  { status, url }: AnsweredList,
): Expected {
  if (/(\s|\+|%20)(co|sw|ew|gt|ge|lt|le)(\s|\+|%20)/i.test(url)) return { status }
  const body = listPart(recording, list)
  if (!/[?&]sortBy=/i.test(url)) return { status, body }
  return { status, body: { ...body, Resources: { $unordered: body['Resources'] ?? [] } } }
}

/** Omits the total unless the page contains all results: a replay may have fewer. */
function listPart(recording: Recording, list: JsonObject): JsonObject {
  const resources = list['Resources'] as JsonObject[]
  const { schemas, totalResults, startIndex, itemsPerPage } = list as Record<string, Json>
  const isWhole = totalResults === resources.length
  return {
    ...(schemas !== undefined && { schemas }),
    ...(isWhole && { totalResults: totalResults as Json }),
    ...(isWhole && startIndex !== undefined && { startIndex }),
    ...(itemsPerPage !== undefined && { itemsPerPage }),
    Resources: resources.map((resource) => resourcePart(recording, resource)),
  }
}

function resourcePart({ known, replacements }: Recording, resource: JsonObject): JsonObject {
  const { meta, members, groups, ...rest } = resource
  const resourceType = (meta as JsonObject | undefined)?.['resourceType']
  const unordered = Object.entries({ members, groups }).flatMap(([name, list]) =>
    isKnown(list) ? [[name, { $unordered: list.map(identity) }]] : [],
  )
  return {
    ...anonymizeBody(rest, replacements),
    ...(resourceType !== undefined && { meta: { resourceType } }),
    ...Object.fromEntries(unordered),
  }

  /** A replay only has resources that the recording knows. */
  function isKnown(list: Json | undefined): list is JsonObject[] {
    if (!Array.isArray(list)) return false
    const ids = (list as JsonObject[]).map(({ value }) => String(value))
    return ids.every((id) => known.nameOf(id) !== undefined)
  }

  function identity(item: Json): JsonObject {
    const { value = '' } = (item ?? {}) as JsonObject
    return anonymizeBody({ value }, replacements)
  }
}
