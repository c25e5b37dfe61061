import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { describeLifecycle } from './lifecycle.js'

describeLifecycle('people in the fake Label Studio Community', () =>
  startFakeLabelStudio({ mode: 'oss-new' }),
)
