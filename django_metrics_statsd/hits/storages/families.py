"""Names of browsers, robots and systems that a time series may be kept for.

ua-parser takes many names from the user agent as it came (the families that are ``$1`` in uap-core's
regexes.yaml), so a visitor can make up as many as it likes. Where every distinct value costs memory for ever,
only these are let through.
"""

from __future__ import annotations

_BROWSERS = """
360 Secure Browser/Amazon Silk/Android/Apple Mail/Avast Secure Browser/Baidu Browser/BlackBerry WebKit
Brave/Chrome/Chrome Mobile/Chrome Mobile WebView/Chrome Mobile iOS/Chromium/Coc Coc/DuckDuckGo
DuckDuckGo Mobile/Ecosia Android/Ecosia iOS/Edge/Edge Mobile/Electron/Epiphany/Facebook/Facebook Messenger
Firefox/Firefox Alpha/Firefox Beta/Firefox Mobile/Firefox iOS/Google/HeadlessChrome/HeyTap Browser
Huawei Browser/IE/IE Mobile/Instagram/KakaoTalk/Kindle/Konqueror/LINE/LinkedIn/Maxthon/MiuiBrowser
Mobile Safari/Mobile Safari UI%WKWebView/NetFront/Netscape/Nokia Browser/Oculus Browser/Opera/Opera GX
Opera Mini/Opera Mobile/Opera Touch/Other/Outlook/Pale Moon/PhantomJS/Pinterest/QQ Browser
QQ Browser Mobile/Quark/Safari/Sailfish Browser/Samsung Internet/SeaMonkey/Slack Desktop Client/Snapchat
Sogou Explorer/Telegram/Thunderbird/TikTok/Twitter/UC Browser/VLC/Vivaldi/WeChat Browser/Whale
Yandex Browser/webOS Browser
"""
_ROBOTS = """
AI2Bot/AdsBot-Google/AhrefsBot/Amazonbot/Applebot/BLEXBot/Baiduspider/Bytespider/CCBot/ChatGPT-User
Claude-SearchBot/ClaudeBot/DataForSeoBot/DeepSeekBot/Discordbot/DotBot/DuckAssistBot/DuckDuckBot
FacebookBot/GPTBot/Google-InspectionTool/GoogleOther/Googlebot/Googlebot-Image/Googlebot-News/ImagesiftBot
LinkedInBot/MJ12bot/Mediapartners-Google/NewRelicPingerBot/OAI-SearchBot/PerplexityBot/PetalBot/PingdomBot
Pinterestbot/SemrushBot/SeznamBot/Site24x7/Slackbot/Sogou web spider/Spider/StatusCakeBot/TelegramBot
Timpibot/Twitterbot/UptimeRobot/WhatsApp/Yahoo! Slurp/YandexBot/YandexImages/YisouSpider/YouBot
archive.org_bot/bingbot/coccocbot/facebookexternalhit/ia_archiver/meta-webindexer/redditbot
"""
_PROGRAMS = """
Apache-HttpClient/CFNetwork/Go-http-client/HTTPClient/HTTPie/Java/PostmanRuntime/Prometheus
Python Requests/Python aiohttp/Python-urllib/Scrapy/Spotify/Wget/WordPress/axios/curl/http.rb/iTunes
libwww-perl/node-fetch/okhttp/python-httpx
"""
_SYSTEMS = """
ATV OS X/Android/Arch Linux/BlackBerry OS/CentOS/Chrome OS/Chromecast Android/Chromecast Linux/Debian
Fedora/Fire OS/Firefox OS/FreeBSD/Gentoo/HarmonyOS/KaiOS/Kindle/Kubuntu/Linux/Linux Mint/Mac OS/Mac OS X
Maemo/NetBSD/OpenBSD/Other/Red Hat/Roku/SUSE/Samsung/Slackware/Solaris/Symbian OS/Tizen/Ubuntu/WatchOS
Web0S/Windows/Windows Mobile/Windows Phone/iOS/openSUSE/tvOS/visionOS/webOS
"""


def _names(*texts: str) -> frozenset[str]:
    """Return the names between slashes and line feeds; a slash within a name is written as ``%``."""
    lines = "\n".join(texts).strip().replace("\n", "/").split("/")
    return frozenset(line.replace("%", "/") for line in lines if line)


BROWSERS = _names(_BROWSERS, _ROBOTS, _PROGRAMS)
SYSTEMS = _names(_SYSTEMS)
