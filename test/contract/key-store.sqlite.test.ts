import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { describeKeyStore } from './key-store.suite.ts';

describeKeyStore('SQLite', makeSqlitePlace);
