import { isObject } from '../../../lib/adapter/index.js'
import { type PersonAccess, rankIn, ranks } from './access.js'
import { accountOf, type Colleagues } from './colleagues.js'
import { workColumn } from './endpoints.js'

/** What is needed to limit a project. */
interface ProjectContext {
  readonly person: PersonAccess
  readonly project: number | undefined
  readonly colleagues: Colleagues
}

type Item = Readonly<Record<string, unknown>>

/** The sign-in that Label Studio uses for the files of tasks. */
const secrets = ['task_data_login', 'task_data_password']

/** Stands for a person who is in no project of the viewer. Its form is Label Studio's. */
const stranger = { id: 0, first_name: '', last_name: '', email: '', avatar: null }

/**
 * A project, or a list or page of projects: secrets are for its Managers, and its creator is shown
 * to those who share a project with them.
 */
export async function shownProjects(context: ProjectContext, body: unknown): Promise<unknown> {
  const { person, project, colleagues } = context
  const items = itemsOf(body)
  const creators = items.map(({ created_by: creator }) => creator).filter(isObject)
  const accounts = creators.map(accountOf)
  const seen = await colleagues([
    ...new Map(accounts.map((each) => [each.accountId, each])).values(),
  ])
  const shown = (item: Item): Item => {
    // Without its id, nothing is known about the project.
    const id = typeof item['id'] === 'number' ? item['id'] : (project ?? -1)
    const { created_by: creator } = item
    const isHidden =
      isObject(creator) && creator['id'] !== person.account && !seen.has(Number(creator['id']))
    const left = rankIn(person, id) >= ranks.MA ? item : leftOut(item, secrets)
    return isHidden ? { ...left, created_by: stranger } : left
  }
  if (Array.isArray(body)) return items.map(shown)
  if (isObject(body) && Array.isArray(body['results'])) {
    return { ...body, results: items.map(shown) }
  }
  return items.map(shown)[0]
}

/** The items of a list or of a page of it, or the single object of the answer. */
export function itemsOf(body: unknown): readonly Item[] {
  if (Array.isArray(body)) return body.filter(isObject)
  if (!isObject(body)) return []
  return Array.isArray(body['results']) ? body['results'].filter(isObject) : [body]
}

/** The person's own membership lists only projects that they still see. */
export function shownMembership(person: PersonAccess, body: unknown): unknown {
  if (!isObject(body)) return undefined
  const open = (list: unknown) =>
    Array.isArray(list)
      ? list.filter((each) => isObject(each) && rankIn(person, Number(each['id'])) > ranks.none)
      : null
  const lists = ['created_projects', 'contributed_to_projects'].filter((name) => name in body)
  return { ...body, ...Object.fromEntries(lists.map((name) => [name, open(body[name])])) }
}

/** An account without the address of the owner of the organization. */
export function withoutOwner(account: Item): Item {
  const { active_organization_meta: meta } = account
  if (!isObject(meta)) return account
  return { ...account, active_organization_meta: { ...meta, email: '' } }
}

/**
 * The columns of the data manager for an Annotator: without everybody's work, and with the numbers
 * of colleagues alone where a column lists the accounts of the organization.
 */
export async function shownColumns(
  { person, colleagues }: Pick<ProjectContext, 'person' | 'colleagues'>,
  body: unknown,
): Promise<unknown> {
  if (!isObject(body) || !Array.isArray(body['columns'])) return undefined
  const columns = body['columns'].filter(isObject).filter(({ id }) => id !== workColumn)
  const listed = new Set(columns.flatMap(accountsIn))
  // Label Studio gives no addresses here, so an account that SCIM does not know is left out.
  const seen = await colleagues([...listed].map((accountId) => ({ accountId, email: '' })))
  const isSeen = (account: number) => account === person.account || seen.has(account)
  const shown = (column: Item) => {
    const accounts = accountsIn(column)
    if (accounts.length === 0) return column
    const schema = isObject(column['schema']) ? column['schema'] : {}
    return { ...column, schema: { ...schema, items: accounts.filter(isSeen) } }
  }
  return { ...body, columns: columns.map(shown) }
}

/** Columns with people have a list of numbers. */
function accountsIn({ schema }: Item): readonly number[] {
  const items = isObject(schema) ? schema['items'] : undefined
  return Array.isArray(items) ? items.filter((each) => Number.isSafeInteger(each)) : []
}

/** An item without some of its fields. */
export function leftOut(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)))
}
