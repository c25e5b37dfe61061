/**
 * What a service provider must hold after a sequence of requests, as simple as it can be said: no
 * schema, no store, no HTTP. Resources are known by their number, in the order in which they were
 * created.
 */
export interface Model {
  readonly users: Map<number, ModelUser>
  readonly groups: Map<number, ModelGroup>
  /** How many resources were created so far. */
  created: number
}

/** Attributes of a user that the requests set. */
export interface ModelUser {
  readonly userName: string
  readonly active: boolean
  readonly displayName?: string
  readonly externalId?: string
  readonly emails?: readonly string[]
}

/** A group; its members are numbers of resources. */
export interface ModelGroup {
  readonly displayName: string
  readonly members: ReadonlySet<number>
}

export function emptyModel(): Model {
  return { users: new Map(), groups: new Map(), created: 0 }
}

/** Whether another user has this name, case aside. */
export function isNameTaken({ users }: Model, userName: string, own?: number): boolean {
  return [...users].some(([ref, user]) => ref !== own && alike(user.userName, userName))
}

/** Whether another group has this name, case aside. */
export function isGroupTaken({ groups }: Model, displayName: string, own?: number): boolean {
  return [...groups].some(([ref, group]) => ref !== own && alike(group.displayName, displayName))
}

function alike(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** The resources among these numbers that exist; members that name nobody are passed over. */
export function existing(model: Model, refs: readonly number[]): readonly number[] {
  return [...new Set(refs)].filter((ref) => model.users.has(ref) || model.groups.has(ref))
}

/** Deletes a resource: it also leaves the groups it is in. */
export function deleteFrom(model: Model, ref: number): void {
  model.users.delete(ref)
  model.groups.delete(ref)
  for (const [id, group] of model.groups) {
    const members = new Set([...group.members].filter((member) => member !== ref))
    if (members.size < group.members.size) model.groups.set(id, { ...group, members })
  }
}

/** The model as the comparison of states reads it: sorted and plain. */
export function stateOf({ users, groups }: Model) {
  return {
    users: [...users]
      .sort(([a], [b]) => a - b)
      .map(([ref, user]) => ({
        ref,
        ...user,
        ...(user.emails && { emails: [...user.emails].sort() }),
      })),
    groups: [...groups]
      .sort(([a], [b]) => a - b)
      .map(([ref, { displayName, members }]) => ({
        ref,
        displayName,
        members: [...members].sort((a, b) => a - b),
      })),
  }
}
