import { applyPatch } from '../patch/apply.js'
import type { PatchOperation, PatchOptions } from '../patch/operation.js'
import { readPatch } from '../patch/read-patch.js'
import { extended } from '../schema/json.js'
import { type ReadResource, readResource } from '../schema/read-resource.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import { type Change, noMembers, type TypeRules } from './change.js'
import { changedAttributes, checkImmutable, contentAmong, replacement } from './changes.js'
import { createGroup, patchGroup, replaceGroup } from './group-service.js'
import { notePassedOver } from './passed-over.js'
import { patchOptions } from './patch-options.js'
import { plainRules } from './plain-rules.js'
import type { Services } from './stores.js'
import { acceptedSecrets, userRules } from './user-rules.js'
import {
  changeResource,
  createResource,
  readTarget,
  type Target,
  type Written,
} from './write-service.js'

const everything: Read = { omit: new Set() }

/** Reads one resource, or throws 404. */
export function getResource(services: Services, target: Target, read: Read): Promise<Resource> {
  return readTarget(services, target, read)
}

/**
 * Creates a resource from the body of a POST (RFC 7644 §3.3).
 *
 * @throws ScimError and store errors; nothing is stored then, except when the host could not end an inactive person's
 *   access (503)
 */
export async function create(
  services: Services,
  target: Pick<Target, 'type' | 'scope'>,
  body: Json,
): Promise<Resource> {
  const { type } = target
  const { attributes, secrets, passedOver } = readBody(services, type, body)
  notePassedOver(services, target.scope, passedOver)
  const after = newResource(services, type, attributes)
  if (type.name === 'Group') return createGroup(services, target, after)
  const change: Change = {
    kind: 'created',
    after,
    secrets: acceptedSecrets(services, secrets),
    members: noMembers,
    attributes: changedAttributes(undefined, after),
  }
  return createResource(services, target, { rules: rulesOf(type), change })
}

function readBody({ options }: Services, type: ResourceType, body: Json): ReadResource {
  const { maxStringLength } = options.limits
  return readResource(type, body, { ...options, maxStringLength })
}

/** Replaces a resource by the body of a PUT (RFC 7644 §3.5.1); see `replacement` for what stays. */
export async function replace(services: Services, target: Target, body: Json): Promise<Written> {
  const { type } = target
  const { attributes: sent, secrets, passedOver } = readBody(services, type, body)
  notePassedOver(services, target.scope, passedOver)
  if (type.name === 'Group') {
    const keepsMembers = services.options.putWithoutMembers === 'keep' && !mentions(body, 'members')
    return replaceGroup(services, target, { sent, keepsMembers })
  }
  return changeResource(services, target, {
    rules: rulesOf(type),
    read: everything,
    next: (before) => {
      const after = replacement(type, before, sent)
      const attributes = changedAttributes(before, after)
      return changeOf(services, 'replaced', { before, after, secrets, attributes })
    },
  })
}

/** Applies the body of a PATCH (RFC 7644 §3.5.2), all of it or nothing. */
export function patch(services: Services, target: Target, body: Json): Promise<Written> {
  const options = patchOptions(services.options)
  const operations = readPatch(body, options)
  if (target.type.name === 'Group') return patchGroup(services, target, operations)
  return changeResource(services, target, {
    rules: rulesOf(target.type),
    read: everything,
    next: (before) => patchedChange(services, target, { before, operations, options }),
  })
}

/** Rules of a resource type other than Group. */
export function rulesOf(type: ResourceType): TypeRules {
  return type.name === 'User' ? userRules : plainRules
}

function patchedChange(
  services: Services,
  { type, scope }: Target,
  {
    before,
    operations,
    options,
  }: { before: Resource; operations: readonly PatchOperation[]; options: PatchOptions },
): Change {
  const { resource, secrets, changed, passedOver } = applyPatch(
    type,
    before as unknown as JsonObject,
    operations,
    options,
  )
  notePassedOver(services, scope, passedOver)
  const after = resource as unknown as Resource
  checkImmutable(type, before, after, changed)
  const attributes = contentAmong(changed)
  return changeOf(services, 'patched', { before, after, secrets, attributes })
}

function changeOf(
  services: Services,
  kind: Change['kind'],
  {
    before,
    after,
    secrets,
    attributes,
  }: Pick<Change, 'after' | 'secrets' | 'attributes'> & {
    readonly before: Resource
  },
): Change {
  return {
    kind,
    before,
    after,
    secrets: acceptedSecrets(services, secrets),
    members: noMembers,
    attributes,
  }
}

function newResource(services: Services, type: ResourceType, attributes: JsonObject): Resource {
  const at = services.clock().toISOString()
  const meta = {
    resourceType: type.name,
    created: at,
    lastModified: at,
    version: services.newId(),
  }
  return withActive(type, extended(attributes, { id: services.newId(), meta }))
}

/** New people are active unless it is said otherwise (RFC 7644 §3.3). */
function withActive(type: ResourceType, resource: Resource): Resource {
  const isUnset = type.name === 'User' && typeof resource['active'] !== 'boolean'
  return isUnset ? extended(resource, { active: true }) : resource
}

/** Whether a body has an attribute at all, be it unassigned, in any case. */
function mentions(body: Json, name: string): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.keys(body).some((key) => key.toLowerCase() === name.toLowerCase())
  )
}
