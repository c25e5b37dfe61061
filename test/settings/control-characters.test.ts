import { someRules } from '../access/world.js'
import { aSettingsApp } from './support.js'

describe('names with control characters', () => {
  const rulesOf = (group: string, title = 'Cats') => ({
    roles_groups: [['Annotator', group]],
    workspaces_groups: [[title, 'Crew']],
    projects_groups: [{ project_id: 1, group, role: 'Inherit' }],
  })

  it.each([
    ['Night\nshift', 'Cats', ['roles_groups[0]', 'projects_groups[0]']],
    ['Night\tshift', 'Cats', ['roles_groups[0]', 'projects_groups[0]']],
    ['Night', 'Ca\rts', ['workspaces_groups[0]']],
  ])('are refused: %j in %j', async (group, title, rows) => {
    const { post } = aSettingsApp()
    const { status, body } = await post('/api/scim/settings', rulesOf(group, title))
    expect(status).toBe(400)
    expect(Object.keys(body.validation_errors)).toEqual(rows)
  })

  it('stay where they are saved already', async () => {
    const { post, access, scope } = aSettingsApp()
    const rules = someRules({ roles_groups: [['Annotator', 'Night\nshift']] })
    await access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
    await post('/api/scim/settings', { workspaces_groups: [] }).expect(200)
    expect((await access.rules(scope)).rules.roles_groups).toEqual(rules.roles_groups)
  })
})
