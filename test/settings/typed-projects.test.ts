import { aRule, path, signedInPage } from './visitor.js'

const projects = [
  { id: 7, title: 'Cats' },
  { id: 8, title: 'Dogs' },
  { id: 9, title: 'Dogs' },
  { id: 10, title: '2026' },
  { id: 11, title: ' Big\r\nCats ' },
]

async function typed(project: string) {
  const page = await signedInPage({ options: { projects: async () => projects } })
  await page.addGroup('Crew')
  const fields = {
    ...aRule,
    'projects.project': project,
    'projects.group': 'Crew',
    'projects.role': 'Reviewer',
  }
  const { text } = await page.send(path, { ...fields, do: 'preview' })
  const [, previewed] = /name="previewed" value="([^"]+)"/.exec(text) ?? []
  if (previewed) await page.send(path, { ...fields, previewed, do: 'save' }).expect(303)
  const { rules } = await page.access.rules(page.scope)
  return { text, saved: rules.projects_groups.map(({ project_id: id }) => id) }
}

describe('a project that is typed in a rule', () => {
  it.each([
    ['Cats', 7],
    [' cats ', 7],
    ['Cats (7)', 7],
    ['dogs (9)', 9],
    ['8', 8],
    ['2026 (10)', 10],
    ['big cats', 11],
    ['Big Cats (11)', 11],
  ])('is found by name or number: %j', async (text, id) => {
    expect((await typed(text)).saved).toEqual([id])
  })

  it.each(['Dogs', 'Cat', 'Cats (8)', '99'])('is refused where it is not one: %j', async (text) => {
    const answer = await typed(text)
    expect(answer.saved).toEqual([])
    expect(answer.text).toContain('cannot be saved')
  })

  it('is typed, with suggestions, where a list of all would be too long', async () => {
    const many = Array.from({ length: 20_001 }, (_, index) => ({
      id: index + 1,
      title: `P${index}`,
    }))
    const page = await signedInPage({ options: { projects: async () => many } })
    const { text } = await page.send(path, { ...aRule, do: 'add:projects' })
    const input = /<input[^>]*name="projects\.project"[^>]*>/.exec(text)?.[0]
    expect(input).toContain('placeholder="Name or number"')
    expect(input).toContain('list="project-choices"')
    expect(text).toContain('<option value="P7 (8)">')
  })

  it('is shown in one line, which is found again when the form is sent', async () => {
    const many = Array.from({ length: 20_001 }, (_, index) => ({ id: index + 1, title: ' A\nB ' }))
    const page = await signedInPage({ options: { projects: async () => many } })
    await page.addGroup('Crew')
    const rule = { 'projects.group': 'Crew', 'projects.role': 'Reviewer', 'projects.project': '8' }
    const { text } = await page.send(path, { ...aRule, ...rule, do: 'preview' }).expect(200)
    expect(text).toContain('value="A B (8)"')
    const shown = { ...rule, 'projects.project': 'A B (8)' }
    await page.send(path, { ...aRule, ...shown, do: 'preview' }).expect(200)
  })
})
