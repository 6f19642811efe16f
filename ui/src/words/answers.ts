// The server's sentences in Korean. The server speaks English; a sentence that is not listed is shown as it came,
// so that nothing is lost when the server learns a new one.

type Korean = string | ((...found: string[]) => string);

const ANSWERS: [RegExp, Korean][] = [
  // names, people, sign-in
  [/^Give a name of 1 to (\d+) characters/, (most) => `이름은 1자 이상 ${most}자 이하로 적어 주세요.`],
  [/^A name cannot have line breaks/, "이름에는 줄바꿈이나 제어 문자를 쓸 수 없어요."],
  [/^Give an e-mail address such as/, "name@example.com 같은 이메일 주소를 적어 주세요."],
  [/^Somebody else has this e-mail/, "이미 다른 사람이 쓰고 있는 이메일이에요."],
  [
    /^Choose a password of (\d+) to (\d+)/,
    (least, most) => `비밀번호는 ${least}자 이상 ${most}자 이하로 정해 주세요.`,
  ],
  [/^The current password is wrong/, "현재 비밀번호가 맞지 않아요."],
  [/^E-mail or password is wrong/, "이메일 또는 비밀번호가 맞지 않아요."],
  [
    /^This sign-in link has been used/,
    "이미 썼거나 오래된 로그인 링크예요. 서버에서 madang sign-in-link로 새로 만들 수 있어요.",
  ],
  [
    /^Too many failed attempts .* in (\d+) seconds/,
    (wait) => `로그인 시도가 너무 많았어요. ${wait}초 뒤에 다시 시도해 주세요.`,
  ],
  [/^Only an owner may add, change or remove owners/, "소유자는 소유자만 추가하거나 바꿀 수 있어요."],
  [/^This is the last owner/, "마지막 소유자예요. 먼저 다른 사람을 소유자로 지정해 주세요."],
  [/^Your role here is/, "지금 역할로는 할 수 없는 작업이에요."],
  [/^The sandbox stays/, "샌드박스는 삭제할 수 없어요."],
  [/^There is no such/, "존재하지 않거나 다른 프로젝트에 속한 항목이에요."],
  // credentials
  [/^Give an address that begins with https/, "https:// 또는 http://로 시작하는 주소를 적어 주세요."],
  [
    /^An address cannot carry a name or password/,
    "주소에는 이름이나 비밀번호를 넣을 수 없어요. 키 칸에 적어 주세요.",
  ],
  [/^Azure needs its address/, "Azure 리소스 주소가 필요해요. 예: https://NAME.openai.azure.com"],
  [/^Give an API version such as (\S+)\.$/, (version) => `${version} 같은 API 버전을 적어 주세요.`],
  [/^Give the vendor's key/, "공급사 키를 입력해 주세요."],
  [
    /^The project already has a credential named '(.+)'/,
    (name) => `“${name}” 크레덴셜이 이미 있어요. 다른 이름을 써 주세요.`,
  ],
  [/^This is not a vendor key/, "공급사 키가 아니에요. 영문자, 숫자, 기호로 된 한 줄로 적어 주세요."],
  [
    /For Bedrock give an API key, or JSON/,
    "Bedrock은 API 키, 또는 액세스 키 ID와 비밀 액세스 키가 필요해요. 임시 자격 증명이면 세션 토큰도 적어 주세요.",
  ],
  [
    /^The key file has no (\w+)\./,
    (name) => `키 파일에 ${name}이(가) 없어요. 서비스 계정의 JSON 키 파일 전체를 붙여 넣어 주세요.`,
  ],
  [/For Vertex AI paste the whole/, "서비스 계정의 JSON 키 파일 전체를 붙여 넣어 주세요."],
  [
    /^The private_key in the key file/,
    "키 파일의 private_key를 읽을 수 없어요. 파일을 그대로 붙여 넣어 주세요.",
  ],
  [/^The token_uri in the key file/, "키 파일의 token_uri는 https://로 시작해야 해요."],
  [/Give a key, or JSON with LiteLLM's parameters/, "API 키나, LiteLLM 매개변수를 담은 JSON을 적어 주세요."],
  [/^Enter the key again/, "키를 다시 입력해 주세요. 저장된 키는 등록할 때의 주소로만 보내요."],
  [
    /^Models still use this credential: (.+)\. Give/,
    (models) => `${models} 모델이 쓰고 있어요. 먼저 다른 크레덴셜로 바꿔 주세요.`,
  ],
  [
    /^Which vendor this opens is said by the model/,
    "이 키로 여는 공급사는 모델에서 정해져요. 이 크레덴셜을 쓰는 모델에서 테스트 호출을 해 보세요.",
  ],
  [/^The vendor did not answer within/, "공급사가 제때 응답하지 않았어요."],
  [/^The vendor accepts this key/, "공급사가 이 키를 확인했어요."],
  [
    /^The vendor refuses this key \((\d+)\)/,
    (status) => `공급사가 이 키를 거절했어요(${status}). 키가 온전한지, 폐기되지 않았는지 확인해 주세요.`,
  ],
  [
    /^The vendor does not know this address/,
    "공급사에 없는 주소예요(404). 기본 URL과 API 버전을 확인해 주세요.",
  ],
  [/^The vendor knows this key but/, "키는 맞지만 한도나 할당량을 다 썼어요(429)."],
  [
    /^The address leads elsewhere/,
    "다른 곳으로 넘어가는 주소라 키를 보내지 않았어요. 최종 주소를 적어 주세요.",
  ],
  [
    /^The vendor answers with an error \((\d+)\)/,
    (status) => `공급사가 오류로 답했어요(${status}). 나중에 다시 시도해 주세요.`,
  ],
  [/^Something answers there, but/, "응답은 있지만 이 공급사의 형식이 아니에요. 주소를 확인해 주세요."],
  [/^(\S+) leads to a link-local address/, (host) => `${host}은(는) 내부 전용 주소라 호출하지 않아요.`],
  [
    /^(\S+) did not answer within (\S+) seconds/,
    (host, wait) => `${host}이(가) ${wait}초 안에 응답하지 않았어요.`,
  ],
  [/^The certificate of (\S+) is not trusted/, (host) => `${host}의 인증서를 신뢰할 수 없어요.`],
  [
    /^The name (\S+) is not known/,
    (host) => `${host} 주소를 찾을 수 없어요. 주소와 서버의 DNS를 확인해 주세요.`,
  ],
  [/^(\S+) cannot be reached from this server/, (host) => `이 서버에서 ${host}에 연결할 수 없어요.`],
  // models
  [/^Alias '(.*)' begins with 'prompt\/'/, "prompt/로 시작하는 이름은 게시된 프롬프트에만 써요."],
  [
    /^(?:Alias|Deployment name) '(.*)' cannot be used/,
    (name) => `“${name}”은(는) 쓸 수 없어요. 영문자나 숫자로 시작하고 영문자, 숫자, 일부 기호만 써 주세요.`,
  ],
  [
    /^The project already has a model '(.+)'/,
    (name) => `“${name}” 모델이 이미 있어요. 다른 이름을 써 주세요.`,
  ],
  [/^Keep the description under/, "설명은 2,000자까지 쓸 수 있어요."],
  [/^A description cannot have control/, "설명에는 제어 문자를 쓸 수 없어요."],
  [/^Give 0 to (\d+) retries/, (most) => `재시도는 0회에서 ${most}회까지 정할 수 있어요.`],
  [
    /^Give a time limit above 0 and up to (\d+)/,
    (most) => `0초보다 길고 ${most}초 이하인 시간을 적어 주세요.`,
  ],
  [/^Give the model 1 to (\d+) deployments/, (most) => `배포는 1개에서 ${most}개까지 둘 수 있어요.`],
  [/^Two deployments are named '(.+)'/, (name) => `이름이 “${name}”인 배포가 둘이에요. 하나를 바꿔 주세요.`],
  [/^Enable at least one deployment/, "배포를 하나 이상 켜 주세요."],
  [/^Give at least one enabled deployment a weight/, "켜진 배포 중 하나 이상은 가중치가 0보다 커야 해요."],
  [/^Give the vendor's name of the model\.$/, "공급사에서 쓰는 모델 이름을 적어 주세요."],
  [/^Give a weight of 0 or more/, "가중치는 0 이상이어야 해요."],
  [/^Give an order from 1/, "순서는 1(먼저 시도)부터 1000까지예요."],
  [/^Give the region in up to/, "리전은 koreacentral처럼 64자 이하로 적어 주세요."],
  [/^Give a price of 0 or more/, "단가는 토큰 100만 개당 0달러 이상이어야 해요."],
  [/^Give the vendor's name of the model behind it/, "gpt-4o처럼 실제 모델 이름을 적어 주세요."],
  [/^Give 1 to [\d,]+ tokens/, "토큰 수를 1 이상으로 적거나, 모르면 비워 두세요."],
  [
    /^An answer of ([\d,]+) tokens does not fit into a context window of ([\d,]+)/,
    (most, window) => `최대 출력 ${most} 토큰이 컨텍스트 길이 ${window} 토큰보다 길어요.`,
  ],
  [
    /^Choose a credential, or give the address/,
    "크레덴셜을 고르거나, 키가 필요 없는 서버라면 주소를 적어 주세요.",
  ],
  [/^Choose a credential for/, "이 공급사를 쓰려면 크레덴셜을 골라 주세요."],
  [
    /^The credential is for (\S+), the deployment for (\S+);/,
    (has, needs) => `크레덴셜은 ${has}, 배포는 ${needs} 것이에요. 맞는 것을 골라 주세요.`,
  ],
  [
    /^Azure needs an address/,
    "Azure 주소가 여기나 크레덴셜에 있어야 해요. 예: https://NAME.openai.azure.com",
  ],
  [/^Azure needs an API version/, "2024-10-21 같은 API 버전이나, /openai/v1로 끝나는 주소가 필요해요."],
  [/^Bedrock needs a region/, "us-east-1 같은 리전이나 런타임 주소가 필요해요."],
  [/^Vertex AI needs a region/, "us-central1 같은 리전이나 global이 필요해요."],
  [
    /^Region '(.*)' cannot be one of/,
    (region) =>
      `“${region}”은(는) 리전 이름이 될 수 없어요. us-east-1처럼 영문 소문자, 숫자, 하이픈으로 적어 주세요.`,
  ],
  [/^LiteLLM needs the model as/, "mistral/mistral-large-latest처럼 공급사/모델로 적어 주세요."],
  [/^An address in the simulator reads (\S+) for/, (form) => `시뮬레이터 주소는 ${form} 꼴이에요.`],
  [/^Give the address without/, "주소에서 ?와 # 뒤를 빼 주세요. API 버전과 배포는 따로 적는 칸이 있어요."],
  [/^Link-local addresses/, "169.254로 시작하는 내부 전용 주소는 호출하지 않아요."],
  [/^Start a second request after more than/, "0초보다 긴 시간을 적어 주세요."],
  [
    /^A second request after (\S+) seconds would come after .* limit of (\S+) seconds/,
    (after, whole) => `${after}초 뒤의 두 번째 요청은 호출 전체 제한 ${whole}초보다 늦어요.`,
  ],
  [/^Give either hedge_after_s or/, "두 번째 요청을 시작하는 때는 하나만 정할 수 있어요."],
  [/^Prefer at most (\d+) regions/, (most) => `우선 리전은 ${most}개까지 적을 수 있어요.`],
  [/^Give each region in 1 to 64/, "리전은 koreacentral처럼 64자 이하로 적어 주세요."],
  [/^A region is preferred twice/, "같은 리전이 두 번 들어 있어요."],
  [/^Name at most (\d+) fallbacks/, (most) => `대체 모델은 ${most}개까지 둘 수 있어요.`],
  [
    /^Model '.+' falls back to '(.+)', which does not exist/,
    (name) => `대체 모델 “${name}”이(가) 이 프로젝트에 없어요.`,
  ],
  [
    /^'(.+)' is the last deployment of '.+' that takes calls/,
    (name) =>
      `“${name}”은(는) 호출을 받는 마지막 배포예요. 먼저 다른 배포를 켜거나(가중치 0 초과), 모델을 삭제해 주세요.`,
  ],
  [/^Model '(.+)' has no deployment '(.+)'/, (_model, name) => `“${name}” 배포가 이 모델에 없어요.`],
  [
    /^Model '(.+)' does not serve calls/,
    (alias) =>
      `“${alias}” 모델은 지금 호출을 받지 않아요. 모의 모델이라면 시뮬레이터가 켜져 있는지 확인해 주세요.`,
  ],
  [
    /^(.+) does not serve calls: enable it/,
    () => "이 배포는 호출을 받지 않아요. 켜져 있는지, 크레덴셜을 열 수 있는지 확인해 주세요.",
  ],
  [/^There is no model '(.+)' in this project/, (alias) => `“${alias}” 모델이 이 프로젝트에 없어요.`],
  [
    /^Keep answers for more than 0 and up to ([\d,]+) seconds/,
    (most) => `0초보다 길고 ${most}초 이하로 적거나, 재사용하지 않으려면 비워 두세요.`,
  ],
  [/^There is no credential named '(.+)'/, (name) => `“${name}” 크레덴셜이 이 프로젝트에 없어요.`],
  [/^Model '(.+)' cannot fall back to itself/, "자기 자신을 대체 경로로 둘 수 없어요."],
  [/^Model '(.+)' names a fallback twice/, "같은 대체 모델이 두 번 들어 있어요."],
  [
    /^These fallbacks(?: after \w+)? go in a circle: (.+)\. Take/,
    (circle) => `대체 경로가 돌고 돌아요: ${circle}. 하나를 빼 주세요.`,
  ],
  [
    /^These models fall back to '.+': (.+)\. Change/,
    (models) => `${models} 모델이 대체 경로로 쓰고 있어요. 먼저 바꿔 주세요.`,
  ],
  // drills
  [/^Model '(.+)' is not set up in this project/, (model) => `이 프로젝트에 “${model}” 모델이 없어요.`],
  [
    /^Disturbance (\d+) is about no deployment that '(.+)' can reach; there are: (.+)\.$/,
    (number, model, there) =>
      `${number}번째 문제에 해당하는 배포가 “${model}” 모델에 없어요. 쓸 수 있는 배포: ${there}`,
  ],
  [
    /^A disturbance begins at minute (\S+), and the drill ends at (\d+)/,
    (from, end) =>
      `문제가 ${from}분에 시작하는데 훈련은 ${end}분에 끝나요. 시작을 앞당기거나 훈련을 늘려 주세요.`,
  ],
  [/^A disturbance must end after it begins/, "문제가 끝나는 시간은 시작보다 뒤여야 해요."],
  [
    /^'\w+' must be a number from (\S+) to (\S+)\.$/,
    (least, most) => `${least}에서 ${most} 사이로 적어 주세요.`,
  ],
  [
    /^That is (\S+) calls, and a drill plays up to (\S+)\. Shorten/,
    (calls, most) =>
      `호출이 ${calls}건이에요. 훈련 한 번에 ${most}건까지 재생할 수 있으니 시간이나 초당 호출을 줄여 주세요.`,
  ],
  [
    /^(\d+) drills of this project are waiting or playing/,
    (most) =>
      `이 프로젝트의 훈련 ${most}개가 대기하거나 재생 중이에요. 하나를 중지하거나 끝날 때까지 기다려 주세요.`,
  ],
  [
    /^That is (\S+) tokens of (prompt|answer)s in all, and a drill plays up to (\S+)\. Shorten/,
    (tokens, what, most) =>
      `${what === "prompt" ? "입력" : "출력"} 토큰이 모두 ${tokens}개예요. 훈련 한 번에 ${most}개까지 재생할 수 있으니 길이나 시간을 줄여 주세요.`,
  ],
  [
    /^The drill took too long or too much memory/,
    "훈련이 너무 오래 걸렸거나 메모리를 너무 많이 썼어요. 규모를 줄여 주세요.",
  ],
  [/^The server was stopped\. Start the drill again/, "서버가 중지됐어요. 훈련을 다시 시작해 주세요."],
  [/^The drill ended (?:with code|before it began)/, "훈련이 도중에 끝났어요. 다시 시작해 주세요."],
  [
    /^The gateway does not serve this project yet/,
    "사용할 수 있는 API 키가 없어서 게이트웨이가 이 프로젝트를 아직 몰라요. API 키를 먼저 만들어 주세요.",
  ],
  // prices
  [
    /^Give a price of 0 to (\S+) US dollars with up to (\d+) decimals/,
    (most, decimals) => `단가는 0에서 ${most}달러까지, 소수점 아래 ${decimals}자리까지 적을 수 있어요.`,
  ],
  [/^Model '(.+)' has a \* before its end/, "*는 이름 끝에만 쓸 수 있어요."],
  [/^Give at least one price/, "단가를 하나 이상 적어 주세요."],
  [/^A project can have up to (\S+) prices/, (most) => `자체 단가는 ${most}개까지 둘 수 있어요.`],
  // limits, and calls that come twice
  [
    /^There can be up to (\S+) limits here/,
    (most) => `한도는 ${most}개까지 둘 수 있어요. 쓰지 않는 것을 제거해 주세요.`,
  ],
  [/^Give a whole number of 1 to (\S+)\.$/, (most) => `1에서 ${most}까지 정수를 적어 주세요.`],
  [
    /^Give US dollars, up to (\S+) with up to (\d+) decimals/,
    (most, decimals) => `${most}달러까지, 소수점 아래 ${decimals}자리까지 적을 수 있어요.`,
  ],
  [/^Give a share above 0 and up to 1/, "0보다 크고 100 이하인 비율을 적어 주세요."],
  [/^Say which (?:key|user|model), or/, "어느 것에 걸지 적거나 ‘각각 따로’를 골라 주세요."],
  [/^This project has no such key/, "이 프로젝트에 없는 API 키예요."],
  [/^There is no limit '.+' here/, "이미 제거된 한도예요."],
  [/^Give a window of 0 to (\d+) seconds/, (most) => `0에서 ${most}초까지 적을 수 있어요.`],
];

/** The sentence in Korean; null when it is not known. */
export function koreanAnswer(english: string): string | null {
  for (const [pattern, korean] of ANSWERS) {
    const found = pattern.exec(english);
    if (found) return typeof korean === "string" ? korean : korean(...found.slice(1));
  }
  return null;
}
