import { readBody as readSent } from '../patch/read-body.js'
import { readPatch } from '../patch/read-patch.js'
import { extended } from '../schema/json.js'
import type { Json, JsonObject } from '../schema/types.js'
import { inTurns } from '../stores/in-steps.js'
import type { Resource } from '../stores/resource.js'
import { about, type Call, type ResourceCall } from './call.js'
import type { ReceivedResource } from './kind.js'
import { patchOptions } from './options.js'
import { notePassedOver } from './passed-over.js'
import { type WriteResult, write } from './write.js'

/**
 * Creates a resource from the body of a POST (RFC 7644 §3.3).
 *
 * @throws ScimError and store errors; nothing is stored then, except when the host could not end an
 *   inactive person's access (503)
 */
export async function create(call: Call, body: Json): Promise<Resource> {
  const { attributes, secrets } = await readBody(call, body)
  const after = newResource(call, attributes)
  const spec = call.kind.create(call, after, secrets)
  return (await write(about(call, after.id), spec)).resource
}

/**
 * Replaces a resource by the body of a PUT (RFC 7644 §3.5.1); `replacement` describes what is kept.
 */
export async function replace(call: ResourceCall, body: Json): Promise<WriteResult> {
  return write(call, call.kind.replace(call, await readBody(call, body)))
}

/** Applies the body of a PATCH (RFC 7644 §3.5.2), completely or not at all. */
export async function patch(call: ResourceCall, body: Json): Promise<WriteResult> {
  const operations = readPatch(body, patchOptions(call.services.options))
  return write(call, await call.kind.patch(call, operations))
}

async function readBody(call: Call, body: Json): Promise<ReceivedResource> {
  const { services, type, kind, scope } = call
  const context = { ...patchOptions(services.options), passedOver: new Set<string>() }
  const steps = readSent(type, body, context)
  const { attributes, names, passedOver, secrets } = await inTurns(steps, scope)
  notePassedOver(services, scope, passedOver)
  return { attributes, names, secrets: kind.acceptedSecrets?.(services, secrets) ?? {} }
}

function newResource({ services, type, kind }: Call, attributes: JsonObject): Resource {
  const at = services.clock().toISOString()
  const version = services.newId()
  const meta = { resourceType: type.name, created: at, lastModified: at, version }
  const resource = extended(attributes, { id: services.newId(), meta })
  return kind.withDefaults?.(resource) ?? resource
}
