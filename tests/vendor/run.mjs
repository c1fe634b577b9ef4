// Runs every method of the vendor's own client against the sandbox, and fails where one was left out or answers wrongly.
import assert from 'node:assert/strict';
import scraper from '@harvestapi/scraper';

const { SANDBOX: baseUrl, HARVESTAPI_KEY: apiKey, LI_AT: cookie } = process.env;
const logger = { log() {}, error() {} };
const client = scraper.createLinkedinScraper({ apiKey, baseUrl, logger });
const AVERY = 'avery-sampleton-fx0001';
const EXAMPLIO = 'examplio-robotics-fx';
const tried = new Set();

async function row(name, check, params) {
  const method = name.split(' ')[0];
  tried.add(method);
  const answer = await client[method](params);
  try {
    const seen = await check(answer);
    console.log(`  ok      vendor: ${name}: ${seen}`);
    return answer;
  } catch (error) {
    console.log(`  FAILED  vendor: ${name}: ${error.message}`);
    console.log(JSON.stringify(answer)?.slice(0, 2000));
    process.exit(1);
  }
}

const item = (id) => (answer) => {
  assert.equal(answer.status, 200);
  assert.equal(answer.error, null);
  assert.ok(answer.entityId && answer.element, 'no entityId or no element');
  assert.equal(typeof answer.cost, 'number');
  if (id) assert.equal(answer.element.id, id);
  return answer.entityId;
};
const acted = (answer) => {
  assert.equal(answer.status, 200);
  assert.ok(answer.element, 'no element');
  assert.ok(!('cost' in answer), 'a cost');
  return Object.keys(answer.element).join(', ');
};
const list = (size, least = 1) => (answer) => {
  assert.equal(answer.status, 200);
  assert.ok(answer.elements.length >= least, `${answer.elements.length} rows`);
  assert.equal(answer.pagination.pageSize, size);
  assert.ok(answer.elements.every((element) => typeof element.id === 'string'));
  return `${answer.elements.length} of ${answer.pagination.totalElements || 'unknown'}`;
};

// A walk over pages counts what was scraped; each item must come once.
function walk(method, expected, query, options = {}) {
  const seen = new Set();
  const onItemScraped = ({ item }) => {
    assert.ok(!seen.has(item.id), `${item.id} came twice`);
    seen.add(item.id);
  };
  const check = (stats) => {
    assert.equal(stats.itemsSuccess, seen.size);
    const right = typeof expected === 'function' ? expected(stats) : stats.itemsSuccess === expected;
    assert.ok(right, `${stats.itemsSuccess} items on ${stats.pages} pages`);
    return `${stats.itemsSuccess} items, ${stats.pages} pages, ${stats.requests} requests`;
  };
  const quiet = { outputType: 'callback', disableLog: true, disableErrorLog: true, onItemScraped };
  return row(method, check, { query, ...quiet, ...options });
}

await row('test', acted);

const profile = (await row('getProfile by slug', item(), { publicIdentifier: AVERY })).element;
await row('getProfile by URL', item(profile.id), { url: profile.linkedinUrl, main: true });
await row('getProfile by id', item(profile.id), { profileId: profile.id, findEmail: true, skipSmtp: true });
await row('getProfile by any of them', item(profile.id), { query: AVERY });
await row('getProfileId', item(profile.id), { url: profile.linkedinUrl });
await row('searchProfileEmail', (answer) => (assert.match(answer.element.email, /@/), answer.element.email), { profile });
await row('searchProfiles', list(10, 10), { search: 'a', currentCompany: [EXAMPLIO, '90000002'] });
await walk('scrapeProfiles', (stats) => stats.itemsSuccess === 16 && stats.pages >= 2, { search: 'engineer' }, { takePages: 2 });

await row('searchSalesNavigatorLeads', list(25, 25), { currentJobTitles: ['VP of Engineering', 'CTO'], geoIds: '990200001' });
await walk('scrapeSalesNavigatorLeads', 50, { locations: ['California'] }, { takePages: 2 });
await row('searchSalesNavigatorAccounts', list(25, 25), { search: 'a', companyHeadcount: ['11-50', '51-200'] });

const company = (await row('getCompany', item('90000001'), { universalName: EXAMPLIO })).element;
await row('getCompany by id', item(company.id), { companyId: company.id, scrapePeopleTab: true });
await row('getCompany by search', item(company.id), { search: 'Examplio Robotics' });
await row('searchCompanies', list(50, 50), { search: 'robotics', industryId: [4, 96, 43, 6, 25, 11, 14, 27, 80], page: 1 });
await walk('scrapeCompanies', 60, { search: 'a' }, { maxItems: 60, overrideConcurrency: 1 });

const jobs = (await row('searchJobs', list(25, 25), { search: 'rust', sortBy: 'date', employmentType: ['full-time'] })).elements;
await row('getJob', item(jobs[0].id), { jobId: jobs[0].id, withCompany: true });
await walk('scrapeJobs', 75, { search: 'a', workplaceType: ['office', 'hybrid', 'remote'] }, { takePages: 3 });

const posts = (await row('searchPosts', list(50, 50), { profile: [AVERY], company: EXAMPLIO, sortBy: 'date' })).elements;
await row('getProfilePosts', list(50, 50), { profile: AVERY });
await row('getProfilePosts of a week', list(50, 2), { profileId: profile.id, scrapePostedLimit: 'week' });
await row('getCompanyPosts', list(50, 50), { companyUniversalName: EXAMPLIO });
await row('getPost', item(posts[0].id), { post: posts[0].linkedinUrl });
await walk('scrapePosts', 131, { profile: AVERY });

const post = posts[0].linkedinUrl;
const comments = (await row('getPostComments', list(100, 100), { post })).elements;
await row('getSinglePostComment', item(comments[0].id), { url: comments[0].linkedinUrl });
await row('getPostCommentReplies', list(100, 100), { url: comments[0].linkedinUrl });
await row('getCommentReactions', list(100, 100), { url: comments[0].linkedinUrl });
await row('getPostReactions', list(100, 100), { post });
await row('getProfileComments', list(100, 100), { profile: AVERY });
await row('getProfileReactions', list(100, 100), { profile: AVERY });
await walk('scrapePostComments', 230, { post });
await walk('scrapePostCommentReplies', 130, { url: comments[0].linkedinUrl });
await walk('scrapePostReactions', 260, { post });
await walk('scrapeProfileComments', (stats) => stats.itemsSuccess > 100 && stats.pages >= 3, { profile: AVERY });
await walk('scrapeProfileReactions', (stats) => stats.itemsSuccess > 100, { profileId: profile.id });

const groups = (await row('searchGroups', list(10, 10), { search: 'robotics' })).elements;
await row('getGroup', item(groups[0].id), { groupId: groups[0].id });
await row('searchServices', list(10, 10), { search: 'design' });
await walk('scrapeServices', 20, { search: 'training' }, { takePages: 2 });
const ads = (await row('searchAds', list(24), { keyword: 'robot', countries: ['US', 'GB'], dateOption: 'last-30-days' })).elements;
await row('getAd', item(ads[0].id), { adId: ads[0].id });

await row('getMyProfile', (answer) => (assert.equal(answer.status, 200), answer.element.publicIdentifier), { cookie });
await row('sendConnection', acted, { cookie, profile: 'person-0042' });
const sent = (await row('getMySentConnections', acted, { cookie })).element.sentInvitations;
assert.equal(sent.length, 3);
const [invitation] = (await row('getMyReceivedConnections', acted, { cookie })).element.receivedInvitations;
const { invitationId, sharedSecret, sender } = invitation;
await row('acceptMyConnectionInvitation', acted, { cookie, invitationId, sharedSecret });
await row('sendMessage', acted, { cookie, recipientProfile: sender.linkedinUrl, message: 'Hello & welcome' });
await row('follow', acted, { cookie, targetUrl: company.linkedinUrl });
await row('getMyProfile with a wrong cookie', (answer) => (assert.equal(answer.status, 401), answer.error), { cookie: 'nobody' });

const stranger = scraper.createLinkedinScraper({ apiKey: 'wrong', baseUrl, logger });
const refused = await stranger.getProfile({ publicIdentifier: AVERY });
assert.deepEqual(refused, { error: 'Invalid API key', status: 401 });

const methods = Object.getOwnPropertyNames(scraper.LinkedinScraper.prototype).filter((name) => name !== 'constructor');
assert.deepEqual(methods.filter((name) => !tried.has(name)), [], 'methods that nobody tried');
console.log(`vendor: all ${methods.length} methods`);
