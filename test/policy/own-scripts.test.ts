import { createHash } from 'node:crypto'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room

const people = { annotator: 7, manager: 27, administrator: 37 }

async function openFor(options: Parameters<typeof openRoom>[1] = {}): Promise<Room> {
  const opened = await openRoom({ url: application.url, token: ownerToken }, options)
  const projects = { 1: 'Inherit' } as const
  await opened.know('person7@example.com', { role: 'Annotator', projects })
  await opened.know('person27@example.com', { role: 'Manager', projects })
  await opened.know('person37@example.com', { role: 'Administrator' })
  return opened
}

beforeAll(async () => {
  application = await startEverything()
  room = await openFor()
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

async function open(path: string, account = 37, accept = 'text/html,*/*;q=0.8', at = room) {
  const headers = { authorization: `Token ${account}`, 'x-person': String(account), accept }
  const answer = await fetch(`${at.url}${path}`, { headers })
  const policy = answer.headers.get('content-security-policy')
  return {
    status: answer.status,
    policy,
    nonce: /'nonce-([^']*)'/.exec(policy ?? '')?.[1],
    reported: answer.headers.get('content-security-policy-report-only'),
    cache: answer.headers.get('cache-control'),
    html: await answer.text(),
  }
}

describe('a page of Label Studio', () => {
  it.each(Object.entries(people))('runs only its own scripts: %s', async (_, account) => {
    const { html, policy, nonce, cache, reported } = await open('/projects/1/data', account)
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{24}$/)
    const [scripts = '', ...others] = policy?.split('; ') ?? []
    expect(scripts.replaceAll(/ 'sha256-[^']*'/g, '').split(' ')).toEqual([
      'script-src',
      `'nonce-${nonce}'`,
      "'wasm-unsafe-eval'",
      "'unsafe-hashes'",
    ])
    expect(others).toEqual([
      "worker-src 'self' blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(html).toContain('const folders = ["https://cdn.example.com/","/react-app/"].map(')
    expect([cache, reported]).toEqual(['private, no-store', `script-src 'nonce-${nonce}'`])
    const given = html
      .match(/<script[^>]*nonce[^>]*>/gi)
      ?.map((each) => each.replace(`${nonce}`, '…'))
    expect(given).toEqual([
      '<script nonce="…">',
      '<script nonce="…">',
      '<script nonce="…" async src="https://cdn.example.com/a.js">',
      '<script nonce="…" id="app-settings">',
      '<script nonce="…" src="/react-app/main.js">',
    ])
  })

  it('keeps its texts', async () => {
    const { html } = await open('/projects/')
    expect(html).toContain('<!-- <script>in a comment</script> -->')
    expect(html).toContain('theme("<script>")')
    expect(html).toContain('{ title: "&lt;script&gt;" }')
    expect(html).toMatch(/main\.js"><\/script>\n<button onClick/)
  })

  it.each([
    ['/admin/x/', "'self'"],
    ['/%61dmin/x/', "'self'"],
    ['/projects/admin/x/', "'none'"],
  ])('sends forms only where it has some: %s', async (path, expected) => {
    const { policy } = await open(path)
    expect(/form-action ('\w+')/.exec(policy ?? '')?.[1]).toBe(expected)
  })

  it('has another nonce each time', async () => {
    const nonces = await Promise.all([1, 2, 3].map(async () => (await open('/projects/')).nonce))
    expect(new Set(nonces).size).toBe(3)
  })

  it('may go back from an error, also in pages that the policy does not know', async () => {
    const digest = createHash('sha256').update('history.back()').digest('base64')
    for (const [path, status] of [['/nothing/', 404] as const, ['/admin/x/', 200] as const]) {
      const answered = await open(path)
      expect([answered.status, answered.html.includes(`nonce="${answered.nonce}"`)]).toEqual([
        status,
        true,
      ])
      expect(answered.policy).toContain(`'sha256-${digest}'`)
    }
  })

  it.each([
    '/api/page',
    '//api/page',
    '/%61pi/page',
    '/data/page/x.html',
    '/data/page/%ff.html',
    // Servers in between may pass these on as /data/page/x.html.
    '/projects/..%2fdata/page/x.html',
    '/projects/.%2f..%2fdata/page/x.html',
    '/admin/..%5cdata/page/x.html',
  ])('is none where people decide what is in it: %s', async (path) => {
    const { policy, html } = await open(path)
    expect([policy, html.includes('nonce="c3R1ZGlv"')]).toEqual(['sandbox', true])
  })

  it('is none when a script asks for it', async () => {
    const { policy, html, cache } = await open('/projects/', 37, '*/*')
    expect([policy, cache]).toEqual(['sandbox', 'private, no-store'])
    expect(html).toContain('nonce="c3R1ZGlv"')
  })

  it.each([
    ['scripts: any', { scripts: 'any' }],
    ['mode: report', { mode: 'report' }],
  ] as const)('passes unchanged with %s', async (_, options) => {
    const other = await openFor(options)
    const { policy, html } = await open('/projects/', 37, 'text/html', other)
    expect([policy, html.match(/nonce=/g)?.length]).toEqual([null, 2])
    await other.close()
  })
})
