import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { RefusedError } from '../../lib/stores/index.js'
import { someRules } from '../access/world.js'
import { launch, signIn, violationsOn, type Watched, watchedPage } from './browser.js'
import { contentPath, type Host, startHost } from './host.js'

const tabs = ['', '/people', '/groups', '/log', '/status', '/connect?idp=okta']
let browser: Browser
let host: Host

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
beforeEach(async () => {
  host = await startHost()
})
afterEach(() => host.stop())

/** Opens the page signed in, and checks at the end that it did nothing it must not do. */
async function visit(
  work: (page: Page, watched: Watched) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options)
  try {
    const watched = await watchedPage(context, host.url)
    await signIn(watched.page, host.url)
    await work(watched.page, watched)
    expect(watched.complaints).toEqual([])
  } finally {
    await context.close()
  }
}

const preview = (page: Page) => page.locator('[data-actions]').getByRole('button').click()
const savedRules = async () => (await host.access.rules(host.scope)).rules

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('the settings page %s', (_name, javaScriptEnabled) => {
  it('adds a rule, previews who changes, and saves it', async () => {
    await visit(
      async (page) => {
        await page.getByRole('button', { name: 'Add a workspace rule' }).click()
        await page.getByLabel('Workspace, workspace rule 4').fill('Documents')
        await page.getByLabel('Group, workspace rule 4').fill('Team leads')
        await preview(page)
        await page.getByRole('heading', { name: 'Access of 2 people changes' }).waitFor()
        await page.getByText('+ workspace "Documents" for "Team leads"').waitFor()
        expect(await savedRules()).toEqual(host.rules)

        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Saved.').waitFor()
      },
      { javaScriptEnabled },
    )
    expect((await savedRules()).workspaces_groups).toEqual([
      ...host.rules.workspaces_groups,
      ['Documents', 'Team leads'],
    ])
    await host.reconciler.drain()
    const given = host.host.people.get(host.people[1]!.id)?.grants
    expect(given).toContainEqual({ kind: 'workspace', title: 'Documents' })
  })

  it('removes rules, and saves a great loss only when it is confirmed', async () => {
    await visit(
      async (page) => {
        await page.getByRole('button', { name: 'Remove role rule 4' }).click()
        await preview(page)
        await page.getByText('4 people lose all access: 40% of those who have it now.').waitFor()
        // Red, by name and not folded.
        await page.locator('.panel.bad').getByRole('cell', { name: 'fatou@example.com' }).waitFor()
        expect(await page.getByRole('button', { name: 'Preview changes' }).count()).toBe(0)
        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Confirm the loss of access').waitFor()
        expect(await savedRules()).toEqual(host.rules)

        await page.getByLabel('I want these 4 people to lose all access').check()
        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Saved.').waitFor()
      },
      { javaScriptEnabled },
    )
    expect((await savedRules()).roles_groups).not.toContainEqual(['Annotator', 'Annotators'])
  })

  it('puts the name that was meant into the rules, by one click', async () => {
    await visit(
      async (page) => {
        await page.getByRole('button', { name: 'Contractors EU' }).first().click()
        await page.getByRole('heading', { name: 'Access of 1 person changes' }).waitFor()
        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Saved.').waitFor()
      },
      { javaScriptEnabled },
    )
    const { roles_groups, workspaces_groups, projects_groups } = await savedRules()
    expect(roles_groups.at(-1)).toEqual(['Annotator', 'Contractors EU'])
    expect(workspaces_groups.at(-1)).toEqual(['Street scenes', 'Contractors EU'])
    expect(projects_groups.at(-1)?.group).toBe('Contractors EU')
  })

  it('warns of a misspelt group in the preview, and discards', async () => {
    await visit(
      async (page) => {
        await page.getByLabel('Group, role rule 2').fill('Team leds')
        await preview(page)
        const panel = page.locator('#preview')
        await panel.getByText('No group Team leds has been pushed').waitFor()
        await panel.getByRole('button', { name: 'Team leads' }).waitFor()
        await page.getByRole('link', { name: 'Discard' }).click()
        await page.getByText('Everybody is up to date').waitFor()
        expect(await page.getByLabel('Group, role rule 2').inputValue()).toBe('Team leads')
      },
      { javaScriptEnabled },
    )
    expect(await savedRules()).toEqual(host.rules)
  })

  it('says which row is wrong, next to it and above, and keeps what was typed', async () => {
    await visit(
      async (page) => {
        await page.getByRole('button', { name: 'Add a role rule' }).click()
        await page.getByLabel('Role, role rule 6').selectOption('Manager')
        await page.getByLabel('Group, role rule 6').fill('Quality')
        await preview(page)
        await page.getByRole('heading', { name: 'These rules cannot be saved' }).waitFor()
        const input = page.getByLabel('Group, role rule 6')
        expect(await input.inputValue()).toBe('Quality')
        expect(await input.getAttribute('aria-invalid')).toBe('true')
        await page.getByRole('link', { name: 'Organization role rule 6' }).click()
        expect(page.url()).toContain('#roles-5')
      },
      { javaScriptEnabled },
    )
    expect(await savedRules()).toEqual(host.rules)
  })

  it('shows what somebody else saved meanwhile, and overwrites nothing', async () => {
    await visit(
      async (page) => {
        await page.getByLabel('Group, project rule 1').fill('Annotators')
        const others = { ...host.rules, workspaces_groups: [] }
        await host.access.saveRules(host.scope, others, { expectedVersion: '1', affects: [] })
        await preview(page)
        await page.getByRole('heading', { name: 'Somebody else saved other rules' }).waitFor()
        const onlyMine = page.getByRole('listitem').filter({ hasText: 'workspace "Radiology"' })
        expect(await onlyMine.count()).toBe(2)
        expect(await savedRules()).toEqual(others)

        await page.getByRole('button', { name: 'Preview my draft against it' }).click()
        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Saved.').waitFor()
      },
      { javaScriptEnabled },
    )
    expect((await savedRules()).projects_groups[0]?.group).toBe('Annotators')
  })

  it('saves nothing but what was previewed', async () => {
    await visit(
      async (page) => {
        await page.getByLabel('Group, role rule 5').fill('Contractors EU')
        await preview(page)
        await page.getByRole('button', { name: 'Save rules' }).waitFor()
        await page.getByLabel('Group, role rule 5').fill('Something else')
        const save = page.getByRole('button', { name: 'Save rules' })
        if (javaScriptEnabled) return expect(await save.count()).toBe(0)
        await save.click()
        return page.getByText('+ Annotator for "Something else"').waitFor()
      },
      { javaScriptEnabled },
    )
    expect(await savedRules()).toEqual(host.rules)
  })

  it('finds a person and tells why they have what they have', async () => {
    await visit(
      async (page) => {
        await page.getByRole('link', { name: 'People' }).click()
        await page.getByLabel('Name or address').fill('chen')
        await page.getByRole('button', { name: 'Search' }).click()
        expect(await page.getByRole('row').count()).toBe(2)
        await page.getByRole('link', { name: 'Chen Wei' }).click()
        const why = page.getByRole('region', { name: 'Access, and why' })
        await why
          .getByRole('row', { name: /Team leads Organization role rule 2 .*Manager/ })
          .waitFor()
        await why.getByRole('row', { name: /Quality .*Reviewer \(a higher one wins\)/ }).waitFor()
        await page.getByRole('link', { name: 'Compare with Label Studio now' }).click()
        await page.getByText('Label Studio has exactly what it should.').waitFor()
        await page.getByRole('button', { name: 'Apply again' }).click()
        await page.getByText('is being applied again').waitFor()
      },
      { javaScriptEnabled },
    )
    expect((await host.access.summary(host.scope)).pending).toBe(1)
  })

  it('shows whom the host would not take, and tries them again', async () => {
    host.host.haveTrouble(() => {
      throw new RefusedError('Belongs to another organization.')
    })
    const eve = await host.addUser('eve@example.com')
    await host.reconciler.drain()
    await visit(
      async (page) => {
        await page.getByText('1 person could not be changed').waitFor()
        await page.getByRole('link', { name: 'Status' }).click()
        const failed = page.getByRole('region', { name: 'People whose change failed' })
        await failed.getByRole('cell', { name: 'Belongs to another organization.' }).waitFor()
        await page.getByRole('button', { name: 'Try eve@example.com again' }).click()
        await page.getByText('1 person is being tried again.').waitFor()
      },
      { javaScriptEnabled },
    )
    host.host.haveTrouble(() => {})
    await host.reconciler.drain()
    expect(host.host.people.has(eve.id)).toBe(true)
  })

  it('filters the log and goes to the person from it', async () => {
    await visit(
      async (page) => {
        await page.getByRole('link', { name: 'Log' }).click()
        await page.getByLabel('Event', { exact: true }).selectOption('access.granted')
        await page.getByLabel('Actor').fill('nobody')
        await page.getByRole('button', { name: 'Filter' }).click()
        await page.getByText('Nothing matches.').waitFor()
        await page.getByLabel('Actor').fill('reconciler')
        await page.getByRole('button', { name: 'Filter' }).click()
        const exported = await page
          .getByRole('link', { name: 'Export as CSV' })
          .getAttribute('href')
        expect(exported).toContain('actor=reconciler')
        await page.getByRole('link', { name: 'ines@example.com' }).first().click()
        await page.getByRole('heading', { name: 'Ines Costa' }).waitFor()
      },
      { javaScriptEnabled },
    )
  })

  it('tells which group a misspelt name may have meant', async () => {
    await visit(
      async (page) => {
        const hints = page.getByText('Did you mean Contractors EU?')
        expect(await hints.count()).toBe(3)
        await page.getByRole('link', { name: 'Groups' }).click()
        await page.getByLabel('only those without rules').check()
        await page.getByRole('button', { name: 'Search' }).click()
        await page
          .getByRole('row', { name: /Contractors EU 1 None .?Contractors \(EU\)/ })
          .waitFor()
      },
      { javaScriptEnabled },
    )
  })

  it('makes a token, shows it once, and revokes it', async () => {
    await visit(
      async (page) => {
        await page.getByRole('link', { name: 'Connect' }).click()
        await page.getByLabel('Name of the token').fill('okta')
        await page.getByRole('button', { name: 'Make a token' }).click()
        const token = await page.getByLabel('Token', { exact: true }).inputValue()
        expect(token).toMatch(/^scim_/)
        expect(await page.getByLabel('SCIM base URL').inputValue()).toBe(
          host.url.replace('/scim/settings', '/scim/v2'),
        )
        await page.goto(`${host.url}/connect`)
        expect(await page.content()).not.toContain(token)
        await page.getByText('Manage okta').click()
        await page.getByRole('button', { name: 'Revoke' }).click()
        await page.getByText('The token "okta" is revoked').waitFor()
      },
      { javaScriptEnabled },
    )
    expect(await host.adapters.tokens?.list(host.scope)).toEqual([])
  })

  it('signs out, and refuses a wrong token', async () => {
    await visit(
      async (page) => {
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByLabel('Token').fill('wrong')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByText('This token is not known here.').waitFor()
        await page.goto(`${host.url}/people`)
        expect(await page.getByLabel('Token').count()).toBe(1)
      },
      { javaScriptEnabled },
    )
  })
})

describe('the settings page by keyboard', () => {
  const reach = async (page: Page, name: string) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab')
      const label = await page.evaluate(
        'document.activeElement.getAttribute("aria-label") || ' +
          'document.activeElement.textContent.trim()',
      )
      if (label === name) return
    }
    throw new Error(`Tab never reaches "${name}".`)
  }

  it('adds, previews, confirms and saves without a pointer', async () => {
    await visit(async (page) => {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
      await page.keyboard.press('Enter')
      await reach(page, 'Add a role rule')
      await page.keyboard.press('Enter')
      await page.keyboard.press('R')
      await page.keyboard.press('Tab')
      await page.keyboard.type('Contractors EU')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Access of 1 person changes' }).waitFor()
      await reach(page, 'Save rules')
      await page.keyboard.press('Enter')
      await page.getByText('Saved.').waitFor()
    })
    expect((await savedRules()).roles_groups.at(-1)).toEqual(['Reviewer', 'Contractors EU'])
  })

  it('shows where the focus is on everything that can be reached', async () => {
    await visit(async (page) => {
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab')
        const outline = await page.evaluate(
          'getComputedStyle(document.activeElement).outlineStyle !== "none"',
        )
        expect(outline).toBe(true)
      }
    })
  })
})

describe.each(['light', 'dark'] as const)('the settings page in %s', (colorScheme) => {
  it.each([1200, 380])('is accessible at a width of %s', async (width) => {
    const problems: string[] = []
    const check = async (page: Page, name: string) => {
      for (const { id, nodes } of await violationsOn(page)) {
        problems.push(`${name}: ${id} ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
      }
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      if (Number(overflow) > 0) problems.push(`${name}: ${overflow} pixels wider than the window`)
    }
    const options = { colorScheme, viewport: { width, height: 900 }, bypassCSP: false }
    const context = await browser.newContext(options)
    const signedOut = await context.newPage()
    await signedOut.goto(host.url)
    await check(signedOut, 'sign-in')
    await context.close()
    const loss = { people: 60, of: 100, cause: 'Deleting the group "Solo"', isRefused: true }
    const massLoss = JSON.stringify({ at: new Date().toISOString(), ...loss })
    await host.access.setValue(host.scope, 'massLoss', massLoss)
    const passedOver = { kind: 'attribute', name: 'urn:example:costCenter', count: 3 } as const
    await host.access.countPassedOver?.(host.scope, [
      { ...passedOver, at: new Date().toISOString() },
    ])
    const [group] =
      (await host.adapters.groups.groupsOf(host.scope, [host.people[4]!.id])).values().next()
        .value ?? []
    await visit(async (page) => {
      for (const tab of [
        ...tabs,
        '/people?state=waiting',
        '/people?role=Annotator&state=access&group=Annotators&sort=name',
        `/groups/${group?.id}`,
        `/people/${host.people[2]!.id}?compare=1`,
      ]) {
        await page.goto(`${host.url}${tab}`)
        await check(page, tab)
      }
      await page.goto(`${host.url}/connect`)
      await page.getByLabel('Name of the token').fill('okta')
      await page.getByRole('button', { name: 'Make a token' }).click()
      await page.getByText('Manage okta').click()
      await check(page, 'token')
      await page.goto(host.url)
      await page.getByLabel('Group, role rule 4').fill('Quality')
      await preview(page)
      await page.getByRole('heading', { name: 'cannot be saved' }).waitFor()
      await check(page, 'problems')
      await page.getByLabel('Group, role rule 4').fill('Contractors EU')
      await preview(page)
      await page.locator('#preview').waitFor()
      await check(page, 'preview')
      page.on('dialog', (dialog) => void dialog.accept())
    }, options)
    expect(problems).toEqual([])
  })
})

describe('the settings page', () => {
  it('shows names as text, whatever is in them', async () => {
    const name = '<img src=x onerror=alert(1)>"\'`</script><script>alert(2)</script>'
    const eve = await host.addUser('eve"><script>alert(3)</script>@example.com', {
      displayName: name,
    })
    await host.addGroup(name, [eve])
    await host.access.saveRules(
      host.scope,
      someRules({ roles_groups: [['Annotator', name]], workspaces_groups: [[name, name]] }),
      { expectedVersion: '1', affects: 'everybody' },
    )
    await host.reconciler.drain()
    await visit(async (page, { complaints }) => {
      page.on('dialog', (dialog) => {
        complaints.push(`alert ${dialog.message()}`)
        void dialog.accept()
      })
      for (const tab of [
        ...tabs,
        `/people/${eve.id}`,
        `/people?search=${encodeURIComponent(name)}`,
      ]) {
        await page.goto(`${host.url}${tab}`)
      }
      await page.goto(host.url)
      expect(await page.getByLabel('Group, role rule 1').inputValue()).toBe(name)
      await page.getByRole('button', { name: 'Remove workspace rule 1' }).click()
      await preview(page)
      await page.getByText(`workspace "${name}"`).first().waitFor()
    })
  })

  it('has nothing to press while nothing is changed, and covers no row', async () => {
    await visit(async (page) => {
      const bar = page.locator('[data-actions]')
      const button = bar.getByRole('button')
      const isOverRows = () =>
        page.evaluate(
          'getComputedStyle(document.querySelector("[data-actions]")).position === "sticky"',
        )
      expect([await button.isDisabled(), await isOverRows()]).toEqual([true, false])
      const group = page.getByLabel('Group, role rule 5')
      await group.fill('Contractors EU')
      expect([await button.isDisabled(), await isOverRows()]).toEqual([false, true])
      await group.fill('Contractors (EU)')
      expect([await button.isDisabled(), await isOverRows()]).toEqual([true, false])
    })
  })

  it('asks before unsaved rules are left, and not after saving', async () => {
    await visit(async (page) => {
      const asked: string[] = []
      page.on('dialog', (dialog) => {
        asked.push(dialog.type())
        void dialog.accept()
      })
      await page.getByLabel('Group, role rule 5').fill('Contractors EU')
      await page.getByRole('link', { name: 'People' }).click()
      await page.getByRole('heading', { name: 'People' }).waitFor()
      expect(asked).toEqual(['beforeunload'])
    })
  })

  it('shows the progress of what is under way, by itself', async () => {
    await host.access.mark(host.scope, [host.people[0]!.id])
    await visit(async (page) => {
      await page.getByText('Updating 1 person').waitFor()
      await host.reconciler.drain()
      await page.getByText('Everybody is up to date').waitFor()
    })
  })

  it('filters long lists of rules', async () => {
    await visit(async (page) => {
      await page.getByLabel('Show only rules with').fill('quality')
      expect(await page.locator('.rules tbody tr:visible').count()).toBe(3)
    })
  })

  it('keeps somebody signed in who follows a link from another site', async () => {
    await visit(async (page) => {
      const elsewhere = host.url.replace('127.0.0.1', 'localhost').replace('/scim/settings', '/')
      await page.route(elsewhere, (route) =>
        route.fulfill({ contentType: 'text/html', body: `<a href="${host.url}">SCIM</a>` }),
      )
      await page.goto(elsewhere)
      await page.getByRole('link', { name: 'SCIM' }).click()
      await page.getByRole('heading', { name: 'Group mapping' }).waitFor()
      await page.goto(host.url)
    }).catch((error: Error) => {
      // The page of the other site is a foreign request of the test itself.
      if (!error.message.includes('asked http://localhost')) throw error
    })
  })
})

describe('the settings page where an edition does not enforce rules', () => {
  it.each(['light', 'dark'] as const)(
    'is accessible in %s, and says so (F6)',
    async (colorScheme) => {
      await host.stop()
      const code = 'roles-not-enforceable'
      host = await startHost({}, (adapters) => ({
        ...adapters,
        examine: async () => [{ level: 'warning', code, message: 'Community has no roles.' }],
      }))
      await visit(
        async (page) => {
          for (const tab of ['', '/people', `/people/${host.people[2]!.id}?compare=1`]) {
            await page.goto(`${host.url}${tab}`)
            await page.getByText('Community has no roles.').waitFor()
            expect((await violationsOn(page)).map(({ id }) => id)).toEqual([])
          }
        },
        { colorScheme },
      )
    },
  )
})

describe('a script in content at the origin of the settings', () => {
  /** Runs a script of the content, in the browser of somebody who is signed in to the settings. */
  const attack = async (script: string): Promise<unknown> => {
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await signIn(page, host.url)
      await page.goto(new URL(contentPath, host.url).href)
      return await page.evaluate(`(async () => { ${script} })()`)
    } finally {
      await context.close()
    }
  }

  it('is refused when it fetches a page, a list or the log (R9)', async () => {
    const script = `
      const paths = ['', '/people', '/groups', '/log', '/log.csv', '/status']
      const answers = await Promise.all(paths.map((path) => fetch('/scim/settings' + path)))
      const texts = await Promise.all(answers.map((answer) => answer.text()))
      return [answers.map(({ status }) => status), texts.some((text) => /csrf|amira/.test(text))]`
    expect(await attack(script)).toEqual([[403, 403, 403, 403, 403, 403], false])
  })

  it('is refused when it sends a form by itself (R9)', async () => {
    const script = `
      const body = new URLSearchParams({ do: 'save', confirm: 'yes', version: '1' })
      return (await fetch('/scim/settings', { method: 'POST', body })).status`
    expect(await attack(script)).toBe(403)
    expect(await savedRules()).toEqual(host.rules)
  })

  it('reads nothing from a frame (R9)', async () => {
    const script = `
      const frame = document.createElement('iframe')
      frame.src = '/scim/settings'
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
      document.body.append(frame)
      await loaded
      try { return frame.contentDocument?.body?.textContent ?? '' } catch { return '' }`
    expect(await attack(script)).not.toMatch(/Group mapping|csrf/)
  })

  it('reads nothing from a window that it opens (R9)', async () => {
    const script = `
      const opened = window.open('${contentPath}')
      const when = async (isSo) => {
        for (let looks = 0; looks < 200 && !isSo(); looks++) {
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        return isSo()
      }
      // The window can be read as long as it shows what the script may see.
      const wasReadable = await when(() => opened.document?.body?.textContent.includes('A task'))
      opened.location = '/scim/settings'
      const isCutOff = await when(() => opened.closed)
      return [wasReadable, isCutOff]`
    expect(await attack(script)).toEqual([true, true])
  })
})
