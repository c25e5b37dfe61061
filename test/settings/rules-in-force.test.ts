import { markEverybody } from '../../command/reconcile.js'
import { rulesState } from '../../lib/access/index.js'
import { someRules } from '../access/world.js'
import { aSettingsApp } from './support.js'

const path = '/api/scim/settings'
const none = someRules()
const some = someRules({ roles_groups: [['Annotator', 'Crew']] })

type App = ReturnType<typeof aSettingsApp>
type Step = (app: App) => Promise<unknown>

const post =
  (rules: object): Step =>
  (app) =>
    app.post(path, rules).expect(200)
const toStore =
  (rules: typeof none): Step =>
  async ({ access, scope }) => {
    const { version } = await access.rules(scope)
    return access.saveRules(scope, rules, { expectedVersion: version, affects: 'everybody' })
  }
const reconcile: Step = ({ access, scope }) => markEverybody({ access }, scope)
const saveUnchanged: Step = async (app) => app.post(path, (await app.get(path)).body).expect(200)

describe('whether rules are in force', () => {
  const table: readonly (readonly [string, readonly Step[], string])[] = [
    ['nothing was saved', [], 'none'],
    ['empty rules were saved', [post(none)], 'none'],
    ['empty rules were saved past the settings', [toStore(none), toStore(none)], 'none'],
    ['access was reconciled', [reconcile, reconcile], 'none'],
    ['the settings page saved no rules unchanged', [saveUnchanged, saveUnchanged], 'none'],
    ['empty lists were imported', [post({ ...none, user_type_groups: [] })], 'none'],
    ['rules were imported', [post({ ...some, user_type_groups: [] })], 'some'],
    ['rules were saved after all that', [reconcile, toStore(none), post(some)], 'some'],
    ['rules were reconciled', [post(some), reconcile], 'some'],
    ['rules were saved unchanged', [post(some), saveUnchanged], 'some'],
    ['the last rule was deleted', [post(some), post(none)], 'deleted'],
    ['… and access was reconciled', [post(some), post(none), reconcile], 'deleted'],
    ['… and no rules were saved unchanged', [post(some), post(none), saveUnchanged], 'deleted'],
    ['… and empty rules were saved', [post(some), post(none), toStore(none)], 'deleted'],
  ]
  it.each(table)('when %s', async (_when, steps, state) => {
    const app = aSettingsApp()
    for (const step of steps) await step(app)
    expect(await rulesState(app.adapters, app.scope)).toBe(state)
  })
})
