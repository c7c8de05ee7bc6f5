"""What there is to see in Lazorevsk, a town that does not exist."""

from core.places import Place, Point

CITY = "Лазоревск"
_CENTRE = Point(58.45, 38.45)  # open water of a reservoir: nobody lives where this town stands


def _place(
    key: str,
    names: tuple[str, str],
    kinds: str,
    metres: tuple[int, int],
    rate: str,
    russian: str,
    english: str,
) -> Place:
    """A sight of the town; ``names`` are Russian and English, ``metres`` north and east."""
    north, east = metres
    return Place(
        place_id=f"demo-{key}",
        name=names[0],
        name_en=names[1],
        kinds=tuple(kinds.split(",")),
        city=CITY,
        point=Point(round(_CENTRE.lat + north / 111_200, 6), round(_CENTRE.lon + east / 58_200, 6)),
        rate=rate,
        description=f"{russian}\n{english}",
        source="demo",
    )


PLACES = (
    _place(
        "clock-tower", ("Часовая башня", "Clock Tower"),
        "clock_towers,towers,architecture", (40, 10), "3",
        "Кирпичная башня с зелёным шатром и часами на четыре стороны. "
        "В полдень куранты играют мелодию паромщиков.",
        "A brick tower with a green spire and a clock on each of its four sides. "
        "At noon its bells play the ferrymen's tune.",
    ),
    _place(
        "tv-tower", ("Телебашня «Игла»", "Needle TV Tower"),
        "observation_towers,transmitter_towers,towers,architecture", (2900, -1700), "2",
        "Бетонная телебашня с застеклённой смотровой площадкой и полосатой мачтой. "
        "Сверху виден весь город до самого моря.",
        "A concrete television tower with a glazed viewing deck and a striped mast. "
        "From the top the whole town is in sight, down to the sea.",
    ),
    _place(
        "lighthouse", ("Маяк на Чаячьем камне", "Gull Rock Lighthouse"),
        "lighthouses,architecture", (-3900, 2600), "3",
        "Красно-белый маяк на скале среди моря, рядом дом смотрителя. "
        "Его луч горит с первого тумана до рассвета.",
        "A red and white lighthouse on a rock in the sea, the keeper's house beside it. "
        "Its beam burns from the first fog until dawn.",
    ),
    _place(
        "obelisk", ("Обелиск Первопроходцам", "Pathfinders' Obelisk"),
        "monuments_and_memorials,monuments,historic", (620, -340), "1",
        "Гранитная игла с золотой звездой на вершине, вокруг — цветники. "
        "Поставлена тем, кто первым нанёс эти берега на карту.",
        "A granite needle with a gold star on top, flower beds around it. "
        "It honours those who first put these shores on the map.",
    ),
    _place(
        "windmill", ("Старая мельница", "Old Windmill"),
        "mills,industrial_facilities,historic", (3600, 1900), "2",
        "Деревянная ветряная мельница с белыми крыльями и красной шапкой среди поля. "
        "По субботам здесь мелют муку, как двести лет назад.",
        "A wooden windmill with white sails and a red cap in the middle of a field. "
        "On Saturdays it grinds flour as it did two centuries ago.",
    ),
    _place(
        "wooden-church", ("Церковь Ильи на Бору", "Church of Elijah in the Pines"),
        "eastern_orthodox_churches,churches,religion", (2500, 2700), "3h",
        "Бревенчатая церковь с луковичными главами под осиновым лемехом. "
        "Срублена без единого железного гвоздя на опушке соснового леса.",
        "A log church whose onion domes are covered with silvery aspen shingles. "
        "It was built without a single iron nail at the edge of a pine wood.",
    ),
    _place(
        "cathedral", ("Троицкий собор", "Trinity Cathedral"),
        "cathedrals,eastern_orthodox_churches,churches,religion", (380, 760), "3h",
        "Белокаменный собор с золотым куполом и синими главами в звёздах. "
        "Он стоит у самой воды и отражается в ней целиком.",
        "A white stone cathedral with a gold dome among blue ones set with stars. "
        "It stands at the water's edge and is mirrored there whole.",
    ),
    _place(
        "pagoda", ("Чайная пагода", "Tea Pagoda"),
        "buddhist_temples,religion,architecture", (-1200, -2900), "2",
        "Красная пагода в пять ярусов с изогнутыми зелёными крышами. "
        "Её построили купцы, которые возили в город чай.",
        "A red pagoda of five storeys with curved green roofs. "
        "The merchants who brought tea to the town built it.",
    ),
    _place(
        "cable-bridge", ("Вантовый мост", "Cable Bridge"),
        "suspension_bridges,bridges,architecture", (-900, 1300), "2",
        "Автомобильный мост на белом пилоне с веером стальных вант. "
        "Ночью его фонари отражаются в реке двойной нитью.",
        "A road bridge hung from a white pylon by a fan of steel cables. "
        "At night its lamps are mirrored in the river as a double string.",
    ),
    _place(
        "stone-bridge", ("Каменный мост", "Stone Bridge"),
        "stone_bridges,bridges,architecture", (-260, 420), "3",
        "Старинный мост из жёлтого камня с арками, фонарями и двумя статуями. "
        "По примете, под средней аркой надо загадать желание.",
        "An old bridge of yellow stone with arches, lamps and two statues. "
        "They say a wish made under its middle arch comes true.",
    ),
    _place(
        "aqueduct", ("Долинный акведук", "Valley Aqueduct"),
        "aqueducts,bridges,architecture", (4200, -600), "2h",
        "Акведук в два яруса арок, переброшенный через долину. "
        "Когда-то по нему в город шла вода горных ключей.",
        "An aqueduct of two tiers of arches across a valley. "
        "It once carried the water of mountain springs to the town.",
    ),
    _place(
        "theatre", ("Янтарный театр", "Amber Theatre"),
        "other_theatres,theatres_and_entertainments,cultural", (210, -520), "3",
        "Жёлтое здание с восемью белыми колоннами и бронзовой колесницей на крыше. "
        "Сезон открывают в сентябре спектаклем под открытым небом.",
        "A yellow building with eight white columns and a bronze chariot on its roof. "
        "The season opens in September with a play in the open air.",
    ),
    _place(
        "palace", ("Бирюзовый дворец", "Turquoise Palace"),
        "palaces,historic_architecture,architecture,museums", (1500, 1500), "3h",
        "Длинный дворец в стиле барокко с бирюзовыми стенами и золотым куполом у пруда. "
        "В его залах теперь музей, летом в саду играет оркестр.",
        "A long baroque palace with turquoise walls and a gold dome beside a pond. "
        "Its halls are a museum now, and a band plays in the garden in summer.",
    ),
    _place(
        "station", ("Вокзал Лазоревск-Главный", "Lazorevsk Central Station"),
        "railway_stations,industrial_facilities,architecture", (-700, -900), "2",
        "Железнодорожный вокзал с огромным арочным окном между двумя башенками. "
        "Отсюда поезда уходят к морю и в горы.",
        "A railway station with a vast arched window between two turrets. "
        "Trains leave from here for the sea and for the mountains.",
    ),
    _place(
        "greenhouse", ("Пальмовая оранжерея", "Palm House"),
        "gardens_and_parks,urban_environment,cultural", (1100, -1300), "2",
        "Стеклянная оранжерея ботанического сада с высоким куполом и двумя крыльями. "
        "Зимой среди пальм и папоротников здесь пьют кофе.",
        "The glass house of the botanical garden, a tall dome between two wings. "
        "In winter people drink coffee here among palms and ferns.",
    ),
    _place(
        "glass-pyramid", ("Музей стекла", "Museum of Glass"),
        "art_galleries,museums,cultural", (-420, 1700), "2",
        "Музей под большой стеклянной пирамидой у воды, по бокам две малые. "
        "Вечером пирамида светится изнутри, как фонарь.",
        "A museum under a great pyramid of glass by the water, a small one on each side. "
        "In the evening the pyramid shines from within like a lantern.",
    ),
    _place(
        "stadium", ("Стадион «Волна»", "Wave Stadium"),
        "stadiums,sport", (-2100, -1800), "1",
        "Футбольный стадион-чаша в белых рёбрах с оранжевыми трибунами. "
        "Четыре мачты освещения видны за десять километров.",
        "A football ground shaped as a bowl, with white ribs and orange stands. "
        "Its lighting masts can be seen ten kilometres away.",
    ),
    _place(
        "observatory", ("Обсерватория на Лысой горе", "Bald Hill Observatory"),
        "science_museums,museums,cultural", (5100, 700), "2",
        "Обсерватория с тремя белыми куполами на вершине холма. "
        "В ясные ночи к большому телескопу пускают всех желающих.",
        "An observatory with three white domes on top of a hill. "
        "On clear nights anyone may look through the great telescope.",
    ),
    _place(
        "fountain", ("Фонтан «Три чаши»", "Three Bowls Fountain"),
        "fountains,urban_environment,cultural", (-60, -180), "2",
        "Каменный фонтан из трёх чаш, одна над другой. "
        "Летом вокруг него собираются дети и уличные музыканты.",
        "A stone fountain of three bowls, one above another. "
        "In summer children and street musicians gather round it.",
    ),
    _place(
        "ferris-wheel", ("Колесо обозрения", "Ferris Wheel"),
        "ferris_wheels,amusements", (-1500, 900), "2",
        "Белое колесо обозрения с разноцветными кабинками на набережной. "
        "Полный круг длится двенадцать минут, ночью горят все огни.",
        "A white Ferris wheel with cabins of many colours on the embankment. "
        "A full turn takes twelve minutes, and at night all its lights are on.",
    ),
    _place(
        "ferryman", ("Памятник Паромщику", "Ferryman Monument"),
        "sculptures,monuments,monuments_and_memorials,urban_environment", (-1900, 2100), "2",
        "Бронзовый паромщик с шестом стоит в лодке на гранитной волне. "
        "Фонарь на носу его лодки зажигают каждый вечер.",
        "A bronze ferryman with a pole stands in his boat on a granite wave. "
        "The lantern at its bow is lit every evening.",
    ),
    _place(
        "triumphal-arch", ("Триумфальная арка", "Triumphal Arch"),
        "triumphal_archs,historic_architecture,architecture", (900, 160), "3",
        "Светлая арка с тремя пролётами, золотыми конями и крылатой Победой. "
        "С неё начинается главный проспект города.",
        "A pale arch with three openings, gold horses and a winged Victory on top. "
        "The main avenue of the town begins here.",
    ),
    _place(
        "town-gate", ("Южные ворота", "South Gate"),
        "defensive_walls,fortifications,historic", (-1100, -200), "2h",
        "Городские ворота между двумя круглыми башнями из полосатого кирпича. "
        "Решётку в проёме опускали каждую ночь.",
        "A town gate between two round towers of banded brick. "
        "The grating in its arch was lowered every night.",
    ),
    _place(
        "fortress", ("Лазоревский кремль", "Lazorevsk Kremlin"),
        "kremlins,fortifications,historic", (150, 980), "3h",
        "Красная кирпичная крепость на холме с зелёными шатрами башен. "
        "За зубчатой стеной — белые палаты и храм с золотой главой.",
        "A red brick fortress on a hill, its towers under green tents. "
        "White chambers and a church with a gold dome stand behind its toothed wall.",
    ),
)  # fmt: skip
