import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { buildHost, startHost } from './start-host.js'

beforeAll(buildHost, 120_000)

it('serves on when nobody reads what it prints any more', async () => {
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const host = await startHost({
    DATABASE_URL: 'sqlite::memory:',
    LABEL_STUDIO_URL: fake.url,
    LABEL_STUDIO_TOKEN: fake.token,
  })
  host.closeOutput()
  await fake.stop()
  for (let count = 0; count < 5; count += 1) {
    // Each of these is printed.
    expect((await fetch(`${host.origin}/version`)).status).toBeGreaterThanOrEqual(500)
  }
  expect((await fetch(`${host.origin}/healthz`)).status).toBe(200)
  expect((await host.stop()).code).toBe(0)
})
