import { randomUUID } from 'node:crypto'

/** The data in the servers and in the requests. The same number always gives the same user. */

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** The first numbers of users and groups: they have seven digits, so they appear nowhere else. */
export const userNumbers = 1_000_000
export const groupNumbers = 8_000_000

/** A user in the form that Okta or Entra ID sends. */
export function userBody(index: number): object {
  const number = userNumbers + index
  const userName = userNameOf(index)
  return {
    schemas: [userUrn, enterpriseUrn],
    externalId: `00u${number}`,
    userName,
    name: { givenName: `Given${number}`, familyName: `Family${number}` },
    displayName: `Given${number} Family${number}`,
    emails: [{ value: userName, type: 'work', primary: true }],
    active: true,
    [enterpriseUrn]: { employeeNumber: String(number), department: 'Labelling' },
  }
}

export function userNameOf(index: number): string {
  return `user.${userNumbers + index}@example.com`
}

/** The name of a group that every server has from the beginning. */
export function groupNameOf(index: number): string {
  return `Group ${groupNumbers + index}`
}

export function groupBody(displayName: string, memberIds: readonly string[] = []): object {
  return {
    schemas: [groupUrn],
    displayName,
    members: memberIds.map((value) => ({ value })),
  }
}

/** The body of a PATCH with one operation. */
export function patchBody(op: 'add' | 'remove' | 'replace', path: string, value?: unknown): object {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op, path, value }],
  }
}

/** The body of a bulk request that creates resources. */
export function bulkBody(endpoint: '/Users' | '/Groups', bodies: readonly object[]): object {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: bodies.map((data, index) => ({
      method: 'POST',
      path: endpoint,
      bulkId: `b${index}`,
      data,
    })),
  }
}

/** An id such as the router makes: UUIDs in order of time (RFC 9562 §5.7). */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
