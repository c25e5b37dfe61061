import type { Answer } from '../protocol/server.js'
import type { Effect } from './linearizable.js'

/** A user as the specification knows them. */
export interface KnownUser {
  readonly id: string
  readonly userName: string
  readonly title: string
  readonly active: boolean
  /** `''`: a change made it whose answer tells none. */
  readonly version: string
  /** The version before that change. */
  readonly before?: string
}
export type Users = readonly KnownUser[]
type UserEffect = Effect<Users>

export interface Wanted {
  readonly userName?: string
  readonly title?: string
  readonly active?: boolean
}

function shown({ id, userName, title, active, meta }: Answer['body']): KnownUser {
  return { id, userName, title, active, version: meta.version }
}

/** The users with what an answer shows of this one; `undefined` if it cannot be shown so. */
function seen(users: Users, user: KnownUser | undefined, body: Answer['body']) {
  const found = shown(body)
  if (user === undefined) return undefined
  const isSame =
    user.id === found.id &&
    user.userName === found.userName &&
    user.title === found.title &&
    user.active === found.active &&
    (user.version === '' ? user.before !== found.version : user.version === found.version)
  return isSame ? replaced(users, found) : undefined
}

function replaced(users: Users, user: KnownUser): Users {
  return users.map((each) => (each.id === user.id ? user : each))
}

const byId = (users: Users, id: string) => users.find((each) => each.id === id)
const byName = (users: Users, name: string) => users.find(({ userName }) => userName === name)

export function created(userName: string, title: string, { status, body }: Answer): UserEffect {
  return {
    name: `POST ${userName} ${title}: ${status}`,
    from(users) {
      const isTaken = byName(users, userName) !== undefined
      if (status === 409) return isTaken ? users : undefined
      const made = { id: body.id, userName, title, active: true, version: body.meta.version }
      return status === 201 && !isTaken ? seen([...users, made], made, body) : undefined
    },
  }
}

export function read(id: string, { status, body }: Answer): UserEffect {
  return {
    name: `GET ${id}: ${status} ${JSON.stringify(body.meta && shown(body))}`,
    from(users) {
      const user = byId(users, id)
      if (status === 404) return user ? undefined : users
      return status === 200 ? seen(users, user, body) : undefined
    },
  }
}

/** A list of all, or of those with a name. */
export function listed({ status, body }: Answer, userName?: string): UserEffect {
  return {
    name: `GET ?${userName ?? ''}: ${status} ${JSON.stringify(body.Resources?.map(shown))}`,
    from(users) {
      const wanted = users.filter((each) => (userName ?? each.userName) === each.userName)
      const found: Answer['body'][] = body.Resources ?? []
      if (status !== 200 || body.totalResults !== wanted.length) return undefined
      if (found.length !== wanted.length) return undefined
      return found.reduce(
        (all: Users | undefined, each) => all && seen(all, byId(all, each.id), each),
        users,
      )
    },
  }
}

/** Whether somebody with this name may sign in. */
export function signedIn(userName: string, reason: string): UserEffect {
  return {
    name: `sign-in of ${userName}: ${reason}`,
    from: (users) =>
      (byName(users, userName)?.active === true) === (reason === 'active') ? users : undefined,
  }
}

/** A PUT or PATCH, and what it takes although it conflicts. */
export function changed(
  id: string,
  wanted: Wanted,
  { answer: { status, body }, ifMatch }: { answer: Answer; ifMatch?: string | undefined },
): readonly UserEffect[] {
  const name = `change of ${id} to ${JSON.stringify(wanted)} if ${ifMatch}: ${status}`
  const whole: UserEffect = {
    name,
    from(users) {
      const user = byId(users, id)
      if (status === 404) return user ? undefined : users
      if (user === undefined) return undefined
      const isCurrent = ifMatch === undefined || ifMatch === user.version
      if (status === 412) return isCurrent ? undefined : users
      const other = wanted.userName && byName(users, wanted.userName)
      const isTaken = other && other.id !== id
      if (status === 409) return isTaken ? users : undefined
      if (status !== 200 || !isCurrent || isTaken) return undefined
      const next = after(user, wanted)
      return seen(replaced(users, next), next, body)
    },
  }
  const endsAccess = status === 409 && wanted.active === false
  return endsAccess ? [whole, { ...ended(id, name), isOptional: ifMatch !== undefined }] : [whole]
}

/** The user after a change, with a version that nobody has seen, or the same if nothing changes. */
function after(user: KnownUser, wanted: Wanted): KnownUser {
  const next = { ...user, ...wanted }
  const isSame =
    next.userName === user.userName && next.title === user.title && next.active === user.active
  return isSame ? user : { ...next, version: '', before: user.version || (user.before ?? '') }
}

/** Access that ends, of somebody who may have been deleted meanwhile. */
function ended(id: string, name: string): UserEffect {
  return {
    name: `end of access by ${name}`,
    from(users) {
      const user = byId(users, id)
      return user ? replaced(users, after(user, { active: false })) : users
    },
  }
}

/** A DELETE, which ends access first, again if somebody gives it back before the deletion. */
export function deleted(id: string, { status }: Answer): readonly UserEffect[] {
  const name = `DELETE ${id}: ${status}`
  const whole: UserEffect = {
    name,
    from(users) {
      const isThere = byId(users, id) !== undefined
      if (status === 404) return isThere ? undefined : users
      return status === 204 && isThere ? users.filter((each) => each.id !== id) : undefined
    },
  }
  const first = () => ({ ...ended(id, name), isOptional: true })
  return [first(), first(), whole]
}
